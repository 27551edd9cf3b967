/** Signed requests, with refusals explained and transient errors retried: the basis of every call to the store. @module */
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import pRetry from 'p-retry'
import type { Credentials } from '../settings/config.ts'
import type { Logger } from '../telemetry/logger.ts'
import { StorageError, type Trouble } from './errors.ts'
import { abortError, createTransport, toStorageError, type HttpRequest } from './http.ts'
import { quickGet, type QuickAnswer } from './quick-get.ts'
import { explained, refusalOf } from './refusal.ts'
import { createSmallCalls, isSmall, tooLarge, type SmallAnswer } from './small-call.ts'
import { createSigner, type SignedCall } from './sign.ts'

export interface RequesterOptions {
  /** Scheme, host and port, such as `http://127.0.0.1:9000`. */
  readonly endpoint: string
  readonly region: string
  readonly credentials: Credentials
  /** Logs retries. */
  readonly log?: Logger
  /** Called for each failed attempt that is the store's fault, also when the next one succeeds. */
  readonly onTrouble?: ((trouble: Trouble) => void) | undefined
  /** A request without any bytes for this long has failed. @defaultValue 30_000 */
  readonly idleTimeoutMs?: number
  /** Attempts after the first one: 4 bridge an outage of about 5 s. @defaultValue 4 */
  readonly retries?: number
  /** The same for writes: giving one up may throw away hours of work. @defaultValue `retries` */
  readonly writeRetries?: number | undefined
}

export interface StoreRequest
  extends SignedCall, Pick<HttpRequest, 'body' | 'signal' | 'onBytes' | 'onStep'> {
  readonly headers?: OutgoingHttpHeaders
  /** The most that {@link Requester.read} reads into memory. @defaultValue 64 MiB: manifests of very long media stay below */
  readonly maxBytes?: number | undefined
}

export interface Answer {
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
  /** The bytes as UTF-8. */
  readonly text: string
}

export interface Requester {
  /** A single attempt. A refusal is thrown; the caller reads the answer's body to the end or destroys it. */
  send(request: StoreRequest): Promise<IncomingMessage>
  /** A single attempt, with the whole answer, of at most `maxBytes`. A refusal is thrown. */
  call(request: StoreRequest): Promise<SmallAnswer>
  /** Like `call`, with a URL that was signed before. */
  callSigned(url: string, request: StoreRequest): Promise<SmallAnswer>
  /** A single fast attempt; undefined when the caller should use {@link send} instead. */
  pour(request: StoreRequest): Promise<QuickAnswer | undefined>
  /** The answer's headers and whole body, retried. */
  read(request: StoreRequest): Promise<Answer>
  sign(call: SignedCall, expiresSeconds: number): Promise<string>
  /** An error of `request` as a StorageError that names the request. */
  explain(error: unknown, request: StoreRequest): StorageError
  /** Runs `attempt` until it succeeds, fails for good, or has been retried often enough. */
  retry<T>(signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T>
  /** The same with the retries of a write. */
  retryWrite<T>(signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T>
  close(): void
}

/** For calls that follow at once, and long enough for a request that waits for its turn. */
const SIGNED_SECONDS = 300
const READ_MAX_BYTES = 64 * 1024 * 1024

export function createRequester(options: RequesterOptions): Requester {
  const { endpoint, log, idleTimeoutMs = 30_000, retries = 4, writeRetries = retries } = options
  const signer = createSigner(options)
  const transport = createTransport({ idleTimeoutMs })
  const small = createSmallCalls({ idleTimeoutMs })

  const explain = (error: unknown, request: StoreRequest) => {
    const failure = explained(toStorageError(error), describe(request, endpoint))
    if (failure.trouble) options.onTrouble?.(failure.trouble)
    return failure
  }

  async function sendSigned(url: string, request: StoreRequest): Promise<IncomingMessage> {
    try {
      const headers = { ...request.headers, ...request.signedHeaders }
      const response = await transport.send({ ...request, headers, url })
      signer.learnTime(response.headers.date)
      if ((response.statusCode ?? 0) < 300) return response
      throw refusalOf(response, (await readBody(response)).toString('utf8'))
    } catch (error) {
      throw failed(error, request)
    }
  }

  async function callSigned(url: string, request: StoreRequest): Promise<SmallAnswer> {
    const { maxBytes = READ_MAX_BYTES } = request
    if (!isSmall(request)) {
      const response = await sendSigned(url, request)
      const { statusCode = 0, headers } = response
      const bytes = await readBody(response, maxBytes).catch((error: unknown) => {
        throw failed(error, request)
      })
      return { statusCode, headers, bytes }
    }
    try {
      const headers = { ...request.headers, ...request.signedHeaders }
      const answer = await small.call({ ...request, headers, url }, maxBytes)
      signer.learnTime(answer.headers.date)
      if (answer.statusCode < 300) return answer
      throw refusalOf(answer, answer.bytes.toString('utf8'))
    } catch (error) {
      throw failed(error, request)
    }
  }

  function failed(error: unknown, request: StoreRequest): StorageError {
    const failure = explain(error, request)
    // A failed attempt shows that the handler has not stalled.
    if (failure.isPassing) request.onBytes?.(0)
    return failure
  }

  function signed(request: StoreRequest): string {
    try {
      return signer.sign(request, SIGNED_SECONDS)
    } catch (error) {
      throw explain(error, request)
    }
  }

  async function retryTimes<T>(
    times: number,
    signal: AbortSignal | undefined,
    attempt: () => Promise<T>,
  ): Promise<T> {
    try {
      return await pRetry(attempt, {
        retries: times,
        minTimeout: 200,
        maxTimeout: 5_000,
        randomize: true,
        ...(signal ? { signal } : {}),
        // Our clock was wrong; the answer has corrected it.
        shouldRetry: ({ error }) =>
          error instanceof StorageError && (error.isPassing || error.trouble === 'clock'),
        onFailedAttempt: ({ error, attemptNumber }) =>
          log?.debug({ err: error.message, try: attemptNumber }, 'a call to the store failed'),
      })
    } catch (error) {
      if (signal?.aborted) throw abortError(signal)
      throw toStorageError(error)
    }
  }

  return {
    send: async (request) => sendSigned(signed(request), request),
    call: async (request) => callSigned(signed(request), request),
    callSigned,
    async pour(request) {
      const { headers = {}, signal } = request
      const url = signer.sign(request, SIGNED_SECONDS)
      const answer = await quickGet({ url, headers, signal, idleTimeoutMs })
      return answer && { ...answer, steps: explainedSteps(answer.steps, (error) => explain(error, request)) }
    },
    read: (request) =>
      retryTimes(retries, request.signal, async () => answerOf(await callSigned(signed(request), request))),
    explain,
    sign: async (call, expiresSeconds) => signer.sign(call, expiresSeconds),
    retry: (signal, attempt) => retryTimes(retries, signal, attempt),
    retryWrite: (signal, attempt) => retryTimes(writeRetries, signal, attempt),
    close() {
      transport.close()
      small.close()
    },
  }
}

/** Such as `PUT "a\nb" in bucket "incoming" at http://127.0.0.1:9000`; a key is untrusted text, so it is escaped. */
function describe(request: StoreRequest, endpoint: string): string {
  const of = request.query ? ` (${Object.keys(request.query)[0]})` : ''
  const what = request.key === undefined ? '' : ` ${JSON.stringify(request.key)} in`
  return `${request.method}${of}${what} bucket "${request.bucket}" at ${endpoint}`
}

async function* explainedSteps(
  steps: AsyncGenerator<Buffer, void, void>,
  explain: (error: unknown) => StorageError,
) {
  try {
    yield* steps
  } catch (error) {
    throw explain(error)
  }
}

/** Decodes the text on demand, since few callers need it. */
function answerOf({ headers, bytes }: SmallAnswer): Answer {
  return {
    headers,
    bytes,
    get text() {
      return bytes.toString('utf8')
    },
  }
}

async function readBody(response: IncomingMessage, maxBytes = READ_MAX_BYTES): Promise<Buffer> {
  const parts: Buffer[] = []
  let readBytes = 0
  for await (const part of response as AsyncIterable<Buffer>) {
    readBytes += part.length
    if (readBytes > maxBytes) {
      // Leaving the loop destroys the response.
      throw tooLarge(maxBytes)
    }
    parts.push(part)
  }
  return Buffer.concat(parts)
}
