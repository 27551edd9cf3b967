/** The body of a request, chunk by chunk, with back-pressure: the next one is read when the one before was taken. @module */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Writable } from 'node:stream'
import { sleep } from '../../../time.ts'

/** `complete`: the sender said that this is all. `broken`: its connection broke. `stopped`: by the signal. */
export type BodyEnd = 'complete' | 'broken' | 'stopped'

/** Node reads 64 KiB at a time: a chunk of this size shows that more is waiting. */
const LARGE_BYTES = 60 * 1024
/** As much as shall come during a pause: less than a socket's first buffer, or a fast sender would wait for each pause. */
const GATHERED_BYTES = 40 * 1024
const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 200

/** A live sender sends many small packets, each of which would wake this process: a pause lets them gather. Pure. */
export function nextPauseMs(pauseMs: number, gatheredBytes: number): number {
  const factor = Math.min(2, Math.max(1 / 4, GATHERED_BYTES / gatheredBytes))
  return Math.min(LONGEST_PAUSE_MS, Math.max(1, pauseMs * factor))
}

/** Resolves when no chunk is being taken any more. @throws what `take` throws */
export async function pourBody(
  request: IncomingMessage,
  take: (chunk: Buffer) => Promise<void>,
  signal: AbortSignal,
): Promise<BodyEnd> {
  const over = new AbortController()
  let end: BodyEnd | undefined
  let wake = () => {}
  let pauseMs = FIRST_PAUSE_MS
  let gatheredBytes = 0
  const finish = (how: BodyEnd) => {
    end ??= how
    over.abort()
    wake()
  }
  const onReadable = () => wake()
  const onEnd = () => finish('complete')
  // A sender that leaves after its last byte may close the request before its `end`, when bytes had to wait here meanwhile.
  const onClose = () => finish(request.complete ? 'complete' : 'broken')
  const onStop = () => finish('stopped')
  // It precedes `close`, and says no more than that.
  request.on('error', () => undefined)
  request.on('readable', onReadable).once('end', onEnd).once('close', onClose)
  signal.addEventListener('abort', onStop)
  if (signal.aborted) onStop()
  else if (request.destroyed) onClose()
  try {
    while (end === undefined) {
      const chunk = request.read() as Buffer | null
      if (chunk === null) {
        await new Promise<void>((resolve) => (wake = resolve))
      } else {
        await take(chunk)
        gatheredBytes += chunk.length
        if (chunk.length >= LARGE_BYTES) continue
        pauseMs = nextPauseMs(pauseMs, gatheredBytes)
        gatheredBytes = 0
        await letGather(request, pauseMs, over.signal)
      }
    }
    // A sender that is gone may have left some bytes.
    const rest = end === 'stopped' ? null : (request.read() as Buffer | null)
    if (rest) await take(rest)
    return end
  } finally {
    request.off('readable', onReadable).off('end', onEnd).off('close', onClose)
    signal.removeEventListener('abort', onStop)
  }
}

/** Bytes wait in the kernel meanwhile. */
async function letGather({ socket }: IncomingMessage, pauseMs: number, signal: AbortSignal): Promise<void> {
  // Reading the chunk before has asked the socket for more, which takes effect in the next turn.
  await new Promise((resolve) => setImmediate(resolve))
  if (signal.aborted) return
  socket.pause()
  await sleep(pauseMs, signal)
  socket.resume()
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
