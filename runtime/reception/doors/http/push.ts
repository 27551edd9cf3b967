/** One `PUT` of a sender, from its admission to its answer. Its bytes go to FFmpeg's standard input. @module */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { messageOf } from '../../../errors.ts'
import type { Examination, Take, TakeEnd } from '../../../function/take.ts'
import { SECOND_MS } from '../../../time.ts'
import type { Connection, Refusal, Sender } from '../../connection.ts'
import type { Cut } from '../../stream/cut.ts'
import { answerJson, answerProblem, cutProblem, refusalProblem } from './answers.ts'
import type { DoorParts } from '../door.ts'
import { createHead } from './head.ts'
import { pourBody, unlessAborted, writeTo, type BodyEnd } from './body.ts'
import { endOfTake, finishTake, lastWords } from '../running-take.ts'
import { watchSilence } from '../silence.ts'

export interface Push {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly name: string
  /** Undefined for an operator. */
  readonly keyId: string | undefined
  /** The sender waits for `100 Continue` before it sends. */
  readonly isExpectant: boolean
}

const NOTHING_IN_IT = 'there is no complete picture or sound in it'

/** An FFmpeg that takes no bytes for so long will never take any. */
const STUCK_MS = 30 * SECOND_MS

/** Why reading stopped before the sender did. */
type Stop =
  | { readonly kind: 'unfit'; readonly why: string }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'silent' | 'ffmpeg' | 'stuck' | 'failed' }
  | { readonly kind: 'cut'; readonly cut: Cut }

export async function receivePush(parts: DoorParts, push: Push): Promise<void> {
  const { reception, settings, onRefused } = parts
  const { request, response, name, keyId, isExpectant } = push
  const sender: Sender = {
    name,
    door: 'http',
    peer: peerOf(request),
    keyId,
    canWait: settings.onFull === 'brake',
    takesOver: false,
  }
  const refusal = await reception.ask(sender)
  if (refusal) return answerProblem(request, response, refusalProblem(refusal.reason, refusal.message))
  // The sender left while it was asked about.
  if (isExpectant && !request.destroyed) response.writeContinue()
  const received = await receive(parts, request, sender)
  const { connection, end, stop } = received
  const wasLost = end.wasLost || stop?.kind === 'stuck'
  const isComplete = received.body === 'complete'
  const how = endOfTake({ ...end, ...received, wasLost, isComplete })
  const summary = await connection?.end(how, end)
  if (how === 'no-media' && stop?.kind !== 'failed' && stop?.kind !== 'refused') onRefused('http', 'media')

  const again = connection
    ? ` again within ${settings.reconnectMs / SECOND_MS} s to continue this session`
    : ''
  if (stop?.kind === 'refused')
    return answerProblem(request, response, refusalProblem(stop.refusal.reason, stop.refusal.message))
  if (stop?.kind === 'cut') return answerProblem(request, response, cutProblem(stop.cut))
  if (how === 'ffmpeg-lost') {
    const what = stop?.kind === 'stuck' ? 'took no bytes for too long' : `ended (${end.signal})`
    const detail = `the receiver's FFmpeg ${what}; send${again}`
    return answerProblem(request, response, { status: 500, detail })
  }
  if (stop?.kind === 'failed') {
    const detail = `the receiver failed; its log has the reason. Send${again || ' again'}`
    return answerProblem(request, response, { status: 500, detail })
  }
  if (stop?.kind === 'silent') {
    const detail = `no byte came for ${settings.stallMs / SECOND_MS} s${again && `; send${again}`}`
    return answerProblem(request, response, { status: 408, detail })
  }
  if (how === 'disk-full') {
    const detail = `the receiver's disk is full, and the end of what was sent could not be written; send it${again} when there is room`
    return answerProblem(request, response, refusalProblem('disk', detail))
  }
  if (how === 'unreadable' && received.pieces > 0) {
    const detail = `after ${received.pieces} pieces, which are stored, this cannot be read any further: ${lastWords(end, NOTHING_IN_IT)}; send the rest${again}`
    return answerProblem(request, response, refusalProblem('media', detail))
  }
  if (stop?.kind === 'unfit' || how === 'no-media' || how === 'unreadable' || stop?.kind === 'ffmpeg') {
    const why =
      stop?.kind === 'unfit' ? stop.why : how === 'no-media' ? NOTHING_IN_IT : lastWords(end, NOTHING_IN_IT)
    const problem = refusalProblem('media', `this cannot be received: ${why}`)
    const ffmpeg = lastWords(end, '')
    return answerProblem(request, response, {
      ...problem,
      members: { ...problem.members, ...(ffmpeg !== '' && { ffmpeg }) },
    })
  }
  // To a sender that is gone nothing can be said.
  if (how === 'sender-finished')
    answerJson(request, response, 201, {
      name,
      ...(summary ?? { session: connection?.session }),
    })
}

interface Received {
  readonly body: BodyEnd
  readonly stop: Stop | undefined
  /** Undefined when no media were recognised. */
  readonly connection: Connection | undefined
  readonly pieces: number
  readonly wasKilled: boolean
  readonly end: TakeEnd
}

async function receive(
  { media, reception, settings, log }: DoorParts,
  request: IncomingMessage,
  sender: Sender,
): Promise<Received> {
  const stopping = new AbortController()
  // Bytes that were received are not left behind for want of room in the spool.
  const leaving = new AbortController()
  request.once('close', () => leaving.abort())
  const stop = (why: Stop) => {
    stopping.abort(why)
    leaving.abort()
  }
  const silence = watchSilence({
    timeoutMs: settings.stallMs,
    isOurs: () => connection?.isBraked === true || isExamining || isWriting,
    onSilent: () => stop({ kind: 'silent' }),
  })
  const standstill = watchSilence({
    timeoutMs: Math.max(settings.stallMs, STUCK_MS),
    isOurs: () => !isWriting,
    onSilent() {
      stop({ kind: 'stuck' })
      take?.kill()
    },
  })
  const head = createHead(media)
  let isExamining = false
  let isWriting = false
  let connection: Connection | undefined
  let take: Take | undefined
  let pieces = 0
  const onCut = () => connection && stop({ kind: 'cut', cut: connection.cut.reason as Cut })

  /** Claims the name: not before it is known that there is something to receive. */
  async function start({ format }: Extract<Examination, { kind: 'media' }>): Promise<void> {
    const admission = await reception.admit(sender)
    if (admission.kind === 'refused') return stop({ kind: 'refused', refusal: admission })
    const admitted = admission.connection
    connection = admitted
    admitted.cut.addEventListener('abort', onCut)
    if (admitted.cut.aborted) onCut()
    take = await media.startTake({
      input: { door: 'http' },
      folder: admitted.folder,
      format,
      pieceSeconds: settings.pieceSeconds,
      onPiece(piece) {
        pieces += 1
        admitted.onPiece(piece)
      },
      onProgress: (mediaSeconds) => admitted.onProgress(mediaSeconds),
    })
    void take.ended.then(() => stop({ kind: 'ffmpeg' }))
    await write(take, head.takeAll())
  }

  async function write({ stdin }: Take, bytes: Buffer): Promise<void> {
    if (!stdin) return
    isWriting = true
    standstill.heard()
    await writeTo(stdin, bytes, stopping.signal)
    isWriting = false
  }

  async function look(found: Promise<Examination>): Promise<void> {
    isExamining = true
    try {
      const examined = await found
      if (examined.kind === 'refused') stop({ kind: 'unfit', why: examined.why })
      else if (examined.kind === 'media') await start(examined)
    } finally {
      isExamining = false
    }
  }

  async function accept(chunk: Buffer): Promise<void> {
    silence.heard()
    await connection?.expects(chunk.length)
    if (connection) await unlessAborted(connection.room(), leaving.signal)
    silence.heard()
    if (take) await write(take, chunk)
    else await look(head.add(chunk))
    silence.heard()
  }

  let body: BodyEnd = 'stopped'
  let failure: string | undefined
  try {
    body = await pourBody(request, accept, stopping.signal)
    if (!take && body === 'complete') await look(head.end())
  } catch (error) {
    failure = messageOf(error)
    body = 'stopped'
    stop({ kind: 'failed' })
    log.error({ stream: sender.name, error: failure }, 'could not receive a stream')
  } finally {
    silence.stop()
    standstill.stop()
    connection?.cut.removeEventListener('abort', onCut)
  }
  const reason = stopping.signal.aborted ? (stopping.signal.reason as Stop) : undefined
  // When the body was complete, FFmpeg's end is the usual one, unless we had to kill it.
  const isOurs = reason?.kind === 'unfit' || reason?.kind === 'refused' || reason?.kind === 'stuck'
  const why = body === 'complete' && !isOurs ? undefined : reason
  const end = take
    ? await finishTake(take)
    : { code: null, signal: null, wasLost: false, stoppedReading: false, lastLines: failure ? [failure] : [] }
  return { body, stop: why, connection, pieces, wasKilled: end.signal !== null, end }
}

/** Such as `192.0.2.7:51234`. */
function peerOf({ socket }: IncomingMessage): string {
  return `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`
}
