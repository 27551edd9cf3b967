/** The words in which routes describe themselves, and the document that they make up: `/openapi.json`. @module */
import { OpenAPIHono, z } from '@hono/zod-openapi'
import type { TokenRole } from '../../settings/config.ts'
import type { ApiEnv } from './env.ts'
import { ProblemError, problemSchema } from './problem.ts'
import '../../settings/zod-words.ts'

export type ApiApp = OpenAPIHono<ApiEnv>

const TAGS = {
  functions: 'What they take and do, their queues and limits.',
  objects: 'What happened to an object, and why.',
  runs: 'One version of an object for one function.',
  results: 'What the functions have made.',
  'dead letters': 'Runs that were given up.',
  jobs: 'Work on many runs.',
  sweep: 'The comparison of the buckets with the runs.',
  runtime: 'Whether the runtime works, its metrics, and this document.',
} as const
type Tag = keyof typeof TAGS

const PROBLEMS = {
  400: 'The address, a header or the JSON is not valid; `issues` names the first 50 fields.',
  401: 'No token, or one that no role has.',
  403: "The token's role may not do this; or, where no tokens are set, the call came by a foreign name or page.",
  404: 'There is no such thing.',
  409: 'It cannot be done as things are.',
  413: 'The body is larger than 10 MiB, or has more than 200,000 values.',
  415: 'The body is not JSON.',
  422: 'The request is well-formed, but what it asks for is not possible.',
  500: 'A fault of the runtime; `detail` has the id under which the log tells more.',
  503: 'Redis or MinIO does not answer now.',
} as const

const HEADERS: Readonly<Record<number, z.ZodObject>> = {
  401: z.object({ 'WWW-Authenticate': z.string() }),
  503: z.object({ 'Retry-After': z.string().openapi({ description: 'seconds' }) }),
}

export function json<T extends z.ZodType, H extends z.ZodObject>(
  schema: T,
  description: string,
  headers?: H,
) {
  return { description, content: { 'application/json': { schema } }, ...(headers && { headers }) }
}

export const LOCATION = z.object({
  Location: z.string().openapi({ description: 'where it is followed' }),
  'Idempotent-Replayed': z
    .literal('true')
    .optional()
    .openapi({ description: 'the answer of the first time' }),
})

type ProblemStatus = keyof typeof PROBLEMS

export function problems<S extends ProblemStatus>(...statuses: readonly S[]) {
  const entries = statuses.map((status) => [
    status,
    {
      description: PROBLEMS[status],
      content: { 'application/problem+json': { schema: problemSchema } },
      ...(HEADERS[status] && { headers: HEADERS[status] }),
    },
  ])
  return Object.fromEntries(entries) as Record<
    S,
    { description: string; content: { 'application/problem+json': { schema: typeof problemSchema } } }
  >
}

/** What any route under `/v1` may answer, with more of `statuses`. */
export function v1Problems<S extends ProblemStatus = never>(...statuses: readonly S[]) {
  return problems<400 | 401 | 403 | 500 | 503 | S>(400, 401, 403, 500, 503, ...statuses)
}

/** The same of routes that a body may be sent to. */
export function bodyProblems<S extends ProblemStatus = never>(...statuses: readonly S[]) {
  return v1Problems<413 | 415 | S>(413, 415, ...statuses)
}

/** What a route under `/v1` says of itself besides its path, request and answers. */
export function v1(operationId: string, tag: Tag, role: TokenRole, summary: string) {
  const security = [{ bearer: [] as string[] }]
  return { operationId, tags: [tag], summary, description: `Role: ${role}.`, security }
}

/** The same of a route that needs no token. */
export function open(operationId: string, summary: string) {
  const description = 'Needs no token. Where none is set, only localhost is answered.'
  const security: Record<string, string[]>[] = []
  return { operationId, tags: ['runtime' satisfies Tag], summary, description, security }
}

/** A body may have a hundred thousand that are wrong, and their names and values may be long: an answer stays readable. */
const MAX_ISSUES = 50
const MAX_ISSUE_LENGTH = 500

function shortened(text: string): string {
  return text.length <= MAX_ISSUE_LENGTH ? text : `${text.slice(0, MAX_ISSUE_LENGTH).toWellFormed()}…`
}

/** An app whose validation answers with problems. A wrong body is 422, as it was well-formed; all else is 400. */
export function createApp(): ApiApp {
  const app: ApiApp = new OpenAPIHono<ApiEnv>({
    // As it was sent: Hono's own would decode some escapes of a key, but not all.
    getPath: (request) => /^[^:]+:\/\/[^/?#]*([^?#]*)/.exec(request.url)?.[1] || '/',
    defaultHook(result) {
      if (result.success) return
      const issues = result.error.issues.slice(0, MAX_ISSUES).map(({ path, message }) => ({
        path: shortened(path.join('.')),
        message: shortened(message),
      }))
      const where = { json: 'body', query: 'query', param: 'path', header: 'headers' }[
        result.target as string
      ]
      const list = issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
      const detail = `the ${where ?? 'request'} is not valid: ${list.slice(0, 5).join('; ')}`
      throw new ProblemError(result.target === 'json' ? 422 : 400, detail, { members: { issues } })
    },
  })
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description: 'One of SLUICE_TOKEN_READER, _OPERATOR, _ADMIN; not needed where none is set.',
  })
  return app
}

/** To be called when all other routes are there. */
export function addDocument(app: ApiApp): void {
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/openapi.json',
    ...open('getDocument', 'This document'),
    responses: {
      200: json(z.record(z.string(), z.unknown()), 'OpenAPI 3.1'),
      ...problems(403, 500),
    },
  })
  /** Made once; it is the same for all. */
  let document: string | undefined
  app.get('/openapi.json', (c) => {
    document ??= JSON.stringify(app.getOpenAPI31Document(ABOUT))
    return c.body(document, 200, { 'content-type': 'application/json' })
  })
}

const ABOUT = {
  openapi: '3.1.0',
  info: {
    title: 'Sluice',
    version: '1',
    description: 'Runs of functions on bucket events: look, run again, pause. docs/http.md has examples.',
    contact: { name: 'Sluice' },
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: '/', description: 'the runtime that answered with this document' }],
  tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
}
