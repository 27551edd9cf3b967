/** The body of a request, chunk by chunk, with back-pressure: the next one is read when the one before was taken. @module */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Writable } from 'node:stream'

/** `complete`: the sender said that this is all. `broken`: its connection broke. `stopped`: by the signal. */
export type BodyEnd = 'complete' | 'broken' | 'stopped'

/** Resolves when no chunk is being taken any more. @throws what `take` throws */
export function pourBody(
  request: IncomingMessage,
  take: (chunk: Buffer) => Promise<void>,
  signal: AbortSignal,
): Promise<BodyEnd> {
  return new Promise((resolve, reject) => {
    let taking: Promise<void> = Promise.resolve()
    const finish = (end: BodyEnd) => {
      request.off('data', onData).off('end', onEnd).off('close', onClose)
      signal.removeEventListener('abort', onStop)
      request.pause()
      taking.then(() => resolve(end), reject)
    }
    const onData = (chunk: Buffer) => {
      request.pause()
      taking = take(chunk)
      taking.then(
        () => signal.aborted || request.resume(),
        () => finish('stopped'),
      )
    }
    const onEnd = () => finish('complete')
    // Without `end` before, which is what a complete body has.
    const onClose = () => finish('broken')
    const onStop = () => finish('stopped')
    // It precedes `close`, and says no more than that.
    request.on('error', () => undefined)
    request.on('data', onData).once('end', onEnd).once('close', onClose)
    signal.addEventListener('abort', onStop)
    if (signal.aborted) onStop()
    else if (request.destroyed) onClose()
  })
}

/** Resolves when the stream has room for more, or will never have, or with the signal. */
export async function writeTo(stream: Writable, chunk: Buffer, signal: AbortSignal): Promise<void> {
  if (!stream.writable || stream.write(chunk)) return
  const settled = new AbortController()
  const done = settled.signal
  signal.addEventListener('abort', () => settled.abort(), { signal: done })
  if (signal.aborted) settled.abort()
  await Promise.race([
    once(stream, 'drain', { signal: done }),
    once(stream, 'close', { signal: done }),
  ]).catch(() => undefined)
  settled.abort()
}

/** Resolves with the promise, or with the signal if that is sooner. */
export function unlessAborted(waiting: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const onAbort = () => resolve()
    signal.addEventListener('abort', onAbort)
    waiting.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
