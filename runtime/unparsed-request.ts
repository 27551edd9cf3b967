/** The answer of an HTTP server to bytes that Node could not read as a request: by itself it answers without a word. @module */
import { STATUS_CODES, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { problemOf, type ProblemFacts } from './problem.ts'
import { SECOND_MS } from './time.ts'

/** A client that is still sending reads its answer meanwhile; a connection that is closed before is reset. */
const ANSWER_MS = SECOND_MS

/** By Node's code of the error (https://nodejs.org/docs/latest-v20.x/api/http.html#event-clienterror). */
export function unparsedProblem(code: string | undefined): ProblemFacts {
  if (code === 'HPE_HEADER_OVERFLOW')
    return {
      status: 431,
      detail: 'the headers of the request are larger than 16 KiB: send fewer or shorter ones',
    }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return { status: 408, detail: 'the headers of the request did not come in time: send it again' }
  return { status: 400, detail: 'this is not a request of HTTP/1.1' }
}

export function answerUnparsed(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const { _httpMessage: running } = socket as { _httpMessage?: { headersSent: boolean } }
    // Its client is gone, or reads an answer that a second one would spoil.
    if (error.code === 'ECONNRESET' || !socket.writable || running?.headersSent)
      return void socket.destroy(error)
    const { status, headers, body } = problemOf(unparsedProblem(error.code))
    const all = { ...headers, 'content-length': String(Buffer.byteLength(body)), connection: 'close' }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`)
    setTimeout(() => socket.destroy(error), ANSWER_MS).unref()
  })
}
