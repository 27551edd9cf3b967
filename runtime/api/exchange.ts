/** One request over HTTP and its answer, with `node:http`: the first `fetch` of a process takes ten times as much CPU. @module */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { text } from 'node:stream/consumers'

export interface Request {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly timeoutMs: number
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** No whole answer arrived. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError'
  /** Such as `ECONNREFUSED`. */
  readonly code: string
  readonly isTimeout: boolean

  constructor(cause: NodeJS.ErrnoException, isTimeout: boolean) {
    super(cause.message, { cause })
    this.code = cause.code ?? cause.message
    this.isTimeout = isTimeout
  }
}

/**
 * Follows no redirect, so that a token is sent to nobody else.
 *
 * @param url - with `http:` or `https:`
 * @throws {NoAnswerError}
 */
export async function exchange(url: string, { method, headers, body, timeoutMs }: Request): Promise<Answer> {
  const signal = AbortSignal.timeout(timeoutMs)
  const send = url.startsWith('https:') ? httpsRequest : httpRequest
  // Outside, as its own errors are about the request, such as a token with a line break.
  const request = send(url, { method, headers, signal })
  try {
    return await new Promise<Answer>((resolve, reject) => {
      request.on('error', reject)
      request.on('response', (response) => {
        const { statusCode: status = 0, headers: given } = response
        text(response).then((whole) => resolve({ status, headers: given, text: whole }), reject)
      })
      request.end(body)
    })
  } catch (error) {
    throw new NoAnswerError(error as NodeJS.ErrnoException, signal.aborted)
  }
}
