/** The runtime's HTTP interface, as a test's client has it. @module */
import type { Job } from '../../runtime/api/jobs/model.ts'
import type { TestStack } from './stack.ts'
import { waitFor } from './wait.ts'

export interface Answer<T> {
  readonly status: number
  readonly headers: Headers
  readonly body: T
}

/** `stack` is asked for at each call: it is there once the test file has started. */
export function createApiClient(stack: () => Pick<TestStack, 'apiUrl'>) {
  async function ask<T>(
    method: string,
    path: string,
    body?: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer<T>> {
    const response = await fetch(`${stack().apiUrl}/v1${path}`, {
      method,
      headers: { ...(body && { 'content-type': 'application/json' }), ...headers },
      ...(body && { body: JSON.stringify(body) }),
    })
    return { status: response.status, headers: response.headers, body: (await response.json()) as T }
  }

  return {
    ask,
    /** The job when it has ended. */
    ended: (id: string): Promise<Job> =>
      waitFor(
        async () => {
          const { body } = await ask<Job>('GET', `/jobs/${id}`)
          return body.status !== 'running' && body
        },
        { timeoutMs: 20_000, what: `job ${id} to end` },
      ),
  }
}
