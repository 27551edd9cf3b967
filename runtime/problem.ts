/** RFC 9457 problems: the answers of every HTTP server here to a request that it refuses. @module */
import { STATUS_CODES } from 'node:http'

export interface ProblemFacts {
  readonly status: number
  /** For the client: the failure, its subject, and the remedy. */
  readonly detail: string
  /** More members of the problem, such as `issues`. */
  readonly members?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
}

export interface ProblemAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export function problemOf({ status, detail, members, headers }: ProblemFacts): ProblemAnswer {
  const problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    ...members,
    status,
    detail,
  }
  return {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
    body: JSON.stringify(problem),
  }
}
