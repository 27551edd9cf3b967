/** One `PUT` of a sender, from its admission to its answer. Its bytes go to FFmpeg's standard input. @module */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { messageOf } from '../../../errors.ts'
import type { Take, TakeEnd } from '../../../function/take.ts'
import type { Connection } from '../../connection.ts'
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
  readonly onAdmitted: () => void
}

const NOTHING_IN_IT = 'there is no complete picture or sound in it'

/** Why reading stopped before the sender did. */
type Stop =
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'silent' | 'ffmpeg' | 'failed' }
  | { readonly kind: 'cut'; readonly cut: Cut }

export async function receivePush(parts: DoorParts, push: Push): Promise<void> {
  const { reception, settings, onRefused } = parts
  const { request, response, name, keyId, isExpectant, onAdmitted } = push
  const admission = await reception.admit({
    name,
    door: 'http',
    peer: peerOf(request),
    keyId,
    canWait: settings.onFull === 'brake',
    takesOver: false,
  })
  if (admission.kind === 'refused')
    return answerProblem(request, response, refusalProblem(admission.reason, admission.message))
  const { connection } = admission
  onAdmitted()
  // The sender left while it was admitted.
  if (isExpectant && !request.destroyed) response.writeContinue()
  const received = await receive(parts, request, connection)
  const { end, stop } = received
  const how = endOfTake({ ...received, isComplete: received.body === 'complete' })
  const summary = await connection.end(how, end)
  if (how === 'no-media' && stop?.kind !== 'failed') onRefused('http', 'media')

  if (stop?.kind === 'cut') return answerProblem(request, response, cutProblem(stop.cut))
  if (stop?.kind === 'failed') {
    const detail = 'the receiver failed; its log has the reason. Send again to continue this session'
    return answerProblem(request, response, { status: 500, detail })
  }
  if (stop?.kind === 'silent') {
    const detail = `no byte came for ${settings.stallMs / 1_000} s; send again within ${settings.reconnectMs / 1_000} s to continue this session`
    return answerProblem(request, response, { status: 408, detail })
  }
  if (stop?.kind === 'refused' || how === 'no-media' || stop?.kind === 'ffmpeg') {
    const why =
      stop?.kind === 'refused' ? stop.why : how === 'no-media' ? NOTHING_IN_IT : lastWords(end, NOTHING_IN_IT)
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
      ...(summary ?? { session: connection.session }),
      ...(end.code !== 0 && { warning: lastWords(end, 'FFmpeg did not end as it should') }),
    })
}

interface Received {
  readonly body: BodyEnd
  readonly stop: Stop | undefined
  readonly pieces: number
  readonly wasKilled: boolean
  readonly end: TakeEnd
}

async function receive(
  { media, settings, log }: DoorParts,
  request: IncomingMessage,
  connection: Connection,
): Promise<Received> {
  const stopping = new AbortController()
  // Bytes that were received are not left behind for want of room in the spool.
  const leaving = new AbortController()
  request.once('close', () => leaving.abort())
  const stop = (why: Stop) => {
    stopping.abort(why)
    leaving.abort()
  }
  const onCut = () => stop({ kind: 'cut', cut: connection.cut.reason as Cut })
  connection.cut.addEventListener('abort', onCut)
  if (connection.cut.aborted) onCut()
  const silence = watchSilence({
    timeoutMs: settings.stallMs,
    isOurs: () => connection.isBraked || isExamining,
    onSilent: () => stop({ kind: 'silent' }),
  })
  const head = createHead(media)
  let isExamining = false
  let take: Take | undefined
  let pieces = 0

  async function start(found: ReturnType<typeof head.add>): Promise<void> {
    isExamining = true
    const examined = await found.finally(() => {
      isExamining = false
    })
    if (examined.kind === 'refused') return stop({ kind: 'refused', why: examined.why })
    if (examined.kind === 'undecided') return
    take = await media.startTake({
      input: { door: 'http' },
      folder: connection.folder,
      format: examined.format,
      pieceSeconds: settings.pieceSeconds,
      onPiece(piece) {
        pieces += 1
        connection.onPiece(piece)
      },
      onProgress: (mediaSeconds) => connection.onProgress(mediaSeconds),
    })
    void take.ended.then(() => stop({ kind: 'ffmpeg' }))
    if (take.stdin) await writeTo(take.stdin, head.takeAll(), stopping.signal)
  }

  async function accept(chunk: Buffer): Promise<void> {
    silence.heard()
    await unlessAborted(connection.room(), leaving.signal)
    silence.heard()
    if (take?.stdin) await writeTo(take.stdin, chunk, stopping.signal)
    else await start(head.add(chunk))
    silence.heard()
  }

  let body: BodyEnd = 'stopped'
  let failure: string | undefined
  try {
    body = await pourBody(request, accept, stopping.signal)
    if (!take && body === 'complete') await start(head.end())
  } catch (error) {
    failure = messageOf(error)
    body = 'stopped'
    stop({ kind: 'failed' })
    log.error({ stream: connection.name, error: failure }, 'could not receive a stream')
  } finally {
    silence.stop()
    connection.cut.removeEventListener('abort', onCut)
  }
  const reason = stopping.signal.aborted ? (stopping.signal.reason as Stop) : undefined
  // When the body was complete, FFmpeg's end is the usual one.
  const why = body === 'complete' && reason?.kind !== 'refused' ? undefined : reason
  const end = take
    ? await finishTake(take)
    : { code: null, signal: null, lastLines: failure ? [failure] : [] }
  return { body, stop: why, pieces, wasKilled: end.signal !== null, end }
}

/** Such as `192.0.2.7:51234`. */
function peerOf({ socket }: IncomingMessage): string {
  return `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`
}
