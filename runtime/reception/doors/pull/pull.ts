/** One connection to a source that is pulled. Hosts are checked here; FFmpeg never resolves a name. @module */
import type { PieceFormat, ReceptionAbilities, TakeEnd } from '../../../function/take.ts'
import { withoutSecrets, type WantedPull } from '../../../queue/stream-records.ts'
import { SECOND_MS } from '../../../time.ts'
import { checkHost, type Resolve } from './allowed-host.ts'
import { firstMediaWithin, startEarlyTake, type EarlyParts } from '../early-take.ts'
import { receiveEarly } from '../early-reception.ts'
import { openPullProxy, type PullProxy } from './proxy.ts'
import { readPullAddress, type PullAddress } from './pull-address.ts'

export interface PullParts extends EarlyParts {
  readonly abilities: ReceptionAbilities
  /** For tests. @defaultValue by Node */
  readonly resolve?: Resolve
}

export interface PullOrder {
  readonly name: string
  readonly wanted: WantedPull
  readonly format: PieceFormat
  /** The stream is not wanted any more. */
  readonly signal: AbortSignal
  /** It gives media, and is being received. */
  readonly onReceived: () => void
}

export type PullOutcome =
  /** It gave media, and ended. */
  | { readonly kind: 'received' }
  /** `why` is a sentence without secrets, `lines` are FFmpeg's last ones. With `otherFormat` the source can be received. */
  | {
      readonly kind: 'failed'
      readonly why: string
      readonly lines: readonly string[]
      readonly otherFormat?: PieceFormat
    }

/** To a source that does not answer, FFmpeg would wait for ever. */
const LEAST_PATIENCE_MS = 30 * SECOND_MS

export async function pullOnce(parts: PullParts, order: PullOrder): Promise<PullOutcome> {
  const reading = readPullAddress(order.wanted.url)
  if (reading.kind === 'invalid') return failed(reading.why)
  const { address } = reading
  const unable = unableTo(address, parts.abilities)
  if (unable !== undefined) return failed(unable)
  const { pullHosts: hosts } = parts.settings
  const answer = await checkHost(hosts, address, parts.resolve)
  if (answer.kind !== 'allowed') return failed(answer.why)
  if (!address.isProxied) return receiveFrom(parts, order, address.at(answer.address))
  const proxy = await openPullProxy({ hosts, ...(parts.resolve && { resolve: parts.resolve }) })
  try {
    return await receiveFrom(parts, order, address.href, proxy)
  } finally {
    proxy.close()
  }
}

function unableTo({ isTls, href }: PullAddress, { ffmpeg, hasTls, hasSrt }: ReceptionAbilities) {
  if (isTls && !hasTls)
    return `FFmpeg ${ffmpeg} cannot pull over https: set FFMPEG_PATH and FFPROBE_PATH to a newer build`
  if (href.startsWith('srt:') && !hasSrt)
    return `FFmpeg ${ffmpeg} has no SRT: set FFMPEG_PATH and FFPROBE_PATH to a build that has it`
  return undefined
}

async function receiveFrom(
  parts: PullParts,
  { name, wanted, format, signal, onReceived }: PullOrder,
  url: string,
  proxy?: PullProxy,
): Promise<PullOutcome> {
  let heard = () => {}
  const early = await startEarlyTake(parts, {
    input: { door: 'pull', url, ...(proxy && { proxyPort: proxy.port }) },
    format,
    pieceSeconds: wanted.seconds,
    onMedia: () => heard(),
  })
  const hangUp = () => early.take.kill()
  signal.addEventListener('abort', hangUp)
  if (signal.aborted) hangUp()
  try {
    await firstMediaWithin(early, Math.max(LEAST_PATIENCE_MS, parts.settings.stallMs))
    if (early.isSilent()) {
      return failedBy(await early.finish(), proxy)
    }
    const connection = await early.admit({
      name,
      door: 'pull',
      peer: withoutSecrets(wanted.url),
      canWait: wanted.onFull === 'brake',
      takesOver: false,
      options: {
        pieceSeconds: wanted.seconds,
        sessionMs: wanted.maxDurationMs,
        reconnectMs: wanted.reconnectMs,
        join: wanted.join,
      },
    })
    if ('kind' in connection) {
      hangUp()
      await early.finish()
      return failed(connection.message)
    }
    onReceived()
    proxy?.listen((bytes) => void early.received(bytes))
    const { how, lastLines } = await receiveEarly(parts, {
      early,
      connection,
      listen(listener) {
        heard = listener
      },
      hangUp,
      usualEnd: 'source-ended',
      notes: () => proxy?.notes() ?? [],
    })
    if (how !== 'no-media') return { kind: 'received' }
    return failedBy({ ...(await early.take.ended), lastLines }, proxy)
  } finally {
    signal.removeEventListener('abort', hangUp)
  }
}

function failed(why: string): PullOutcome {
  return { kind: 'failed', why, lines: [] }
}

/** A note of the proxy comes first: FFmpeg knows of a refused request only that it failed. */
function failedBy({ lastLines, reason, otherFormat }: TakeEnd, proxy: PullProxy | undefined): PullOutcome {
  const seen = proxy
    ?.notes()
    .at(-1)
    ?.replace(/^\w+: /, '')
  const last = lastLines.at(-1)
  const why = seen ?? reason ?? (last === undefined ? 'nothing came' : `FFmpeg ended: ${last}`)
  return { kind: 'failed', why, lines: lastLines.slice(-3), ...(otherFormat && { otherFormat }) }
}
