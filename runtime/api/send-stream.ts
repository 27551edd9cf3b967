/** The sending of a stream to its receiver: one `PUT`, whose body may have no end yet. @module */
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { NoAnswerError, type Answer } from './exchange.ts'
import { SECOND_MS } from '../time.ts'

export interface StreamToSend {
  readonly url: string
  readonly token: string | undefined
  /** Read only when the receiver has agreed to it. */
  readonly body: Readable
  /** Undefined while nobody knows. */
  readonly sizeBytes: number | undefined
  readonly onSent: (sentBytes: number) => void
  /** Ends the body: the receiver takes what it has as the whole stream. */
  readonly signal: AbortSignal
}

/** After this without an answer to the headers, the body is sent: a proxy may have swallowed `100 Continue`. */
const CONTINUE_MS = 10 * SECOND_MS

/**
 * Resolves with the answer, also with one that comes while the body is being sent.
 *
 * @throws {NoAnswerError} when the connection is lost before one
 */
export async function sendStream(stream: StreamToSend): Promise<Answer> {
  const { url, token, body, sizeBytes, onSent, signal } = stream
  const request = (url.startsWith('https:') ? httpsRequest : httpRequest)(url, {
    method: 'PUT',
    headers: {
      accept: 'application/json',
      expect: '100-continue',
      'content-type': 'application/octet-stream',
      ...(token && { authorization: `Bearer ${token}` }),
      ...(sizeBytes !== undefined && { 'content-length': sizeBytes }),
    },
  })
  let sentBytes = 0
  let hasStarted = false
  const start = () => {
    if (hasStarted) return
    hasStarted = true
    body.on('data', (bytes: Buffer) => {
      sentBytes += bytes.byteLength
      onSent(sentBytes)
      if (request.write(bytes)) return
      body.pause()
      request.once('drain', () => body.resume())
    })
    body.once('end', () => request.end())
  }
  const timer = setTimeout(start, CONTINUE_MS)
  const finish = () => {
    body.destroy()
    // A body that was announced with its length cannot end before.
    if (sizeBytes === undefined || sentBytes === sizeBytes) request.end()
    else request.destroy()
  }
  signal.addEventListener('abort', finish, { once: true })
  try {
    return await new Promise<Answer>((resolve, reject) => {
      request.on('continue', start)
      body.once('error', (error) => {
        request.destroy()
        reject(error)
      })
      request.on('error', (error) => reject(new NoAnswerError(error, false)))
      request.on('response', (response) => {
        const { statusCode: status = 0, headers } = response
        text(response).then((whole) => resolve({ status, headers, text: whole }), reject)
      })
      request.flushHeaders()
    })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', finish)
    body.destroy()
    request.destroy()
  }
}
