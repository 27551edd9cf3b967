/**
 * How far a file is good. Where its clock goes back, as it does where a second recording was appended to the first, FFmpeg gives all
 * later packets a time of its own making, or drops them: the file is read up to that place. A copy of a truncated file reports its end
 * late or not at all: the complete packets are listed.
 * @module
 */
import type { ChunkPlan } from '../../media/container.ts'
import { hasBrokenOff, hasLostInput } from '../../ffmpeg/words/diagnosis.ts'
import { failureOf } from '../../ffmpeg/words/failure.ts'
import { Enough, type Packet, readPackets } from '../../media/packets/packets.ts'
import type { Inspection } from '../../media/inspect.ts'
import type { MediaInput } from '../../ffmpeg/media-input.ts'
import type { BackStep } from '../../ffmpeg/words/packet-counts.ts'
import type { FfmpegResult } from '../../ffmpeg/words/result.ts'

export interface ClockOptions {
  readonly input: MediaInput
  /** The streams that are kept. */
  readonly streams: readonly number[]
  /** Of the file. */
  readonly startSeconds: number
  readonly scratch: string
  readonly signal: AbortSignal
  /** A sign of life. */
  readonly onRead: () => void
}

export interface ClockBreak {
  /** Up to here there is something of every stream, counted from the beginning of the file. */
  readonly atSeconds: number
}

/** A smaller step back is a writer's rounding, or two packets at one time. */
const TOLERANCE_SECONDS = 0.1

/** Containers whose clock may start again: FFmpeg continues from where it was. */
const RESTARTING = ['mpegts', 'mpeg']
/** FFmpeg compares with the time of decoding, which is some pictures before that of showing. */
const MARGIN_FRAMES = 3
const MARGIN_SECONDS = 0.15

export interface GoodPart {
  readonly clock: ClockBreak
  /** Everything later is left out: every stream has something at that time, so each of them ends there. */
  readonly untilSeconds: number
}

/** The part to keep of a file whose clock goes back; undefined when it does not. */
export async function goodPart(
  { inspection, plan }: { readonly inspection: Inspection; readonly plan: ChunkPlan },
  run: Pick<ClockOptions, 'scratch' | 'signal' | 'onRead'>,
): Promise<GoodPart | undefined> {
  const { input, media } = inspection
  if (RESTARTING.includes(media.format)) return undefined
  const streams = plan.kept.map(({ index }) => index)
  const clock = await clockBreak({ ...run, input, streams, startSeconds: media.startSeconds ?? 0 })
  if (!clock) return undefined
  const { framesPerSecond = 25 } = plan.video ?? {}
  const margin = plan.video ? Math.min(MARGIN_SECONDS, MARGIN_FRAMES / framesPerSecond) : 0
  return { clock, untilSeconds: Math.max(0, clock.atSeconds - margin) }
}

/** Pure but for its own state: the first packet that is decoded before the one that came before it. */
export function createClockWatcher(streams: readonly number[], startSeconds: number) {
  const latest = new Map<number, number>()
  let found: ClockBreak | undefined
  return {
    /** Returns whether the clock has gone back. */
    add({ stream, pts, dts, isKey }: Packet): boolean {
      if (found || !streams.includes(stream)) return found !== undefined
      // The first packets of H.264 in Matroska have no time of decoding, and are not in the order in which they are shown.
      const seconds = dts ?? (isKey ? pts : undefined)
      if (seconds === undefined) return false
      const last = latest.get(stream) ?? -Infinity
      if (seconds < last - TOLERANCE_SECONDS) {
        found = { atSeconds: Math.max(0, Math.min(...latest.values()) - startSeconds) }
        return true
      }
      latest.set(stream, Math.max(last, seconds))
      return false
    },
    found: () => found,
  }
}

/** @throws {ToolError} when the source could not be read to its end */
export async function clockBreak(options: ClockOptions): Promise<ClockBreak | undefined> {
  const { input, streams, startSeconds, scratch, signal, onRead } = options
  const watcher = createClockWatcher(streams, startSeconds)
  const onPacket = (packet: Packet) => {
    if (watcher.add(packet)) throw new Enough()
  }
  const result = await readPackets(input, streams, { scratch, signal, onRead, onPacket })
  // A truncated file is read up to that point.
  if (result && hasLostInput(result)) throw failureOf(result)
  return watcher.found()
}

/** By what FFmpeg said as it wrote: where a stream went back, if not by a rounding. Pure. */
export function steppedBack(
  steps: readonly BackStep[],
  perSecond: readonly number[],
): ClockBreak | undefined {
  const seconds = steps.flatMap(({ place, previous, current }) => {
    const ticks = perSecond[place] ?? 0
    return ticks > 0 && previous - current > TOLERANCE_SECONDS * ticks ? [previous / ticks] : []
  })
  return seconds.length > 0 ? { atSeconds: Math.max(0, Math.min(...seconds)) } : undefined
}

/** As the beginning of a sentence. */
export function clockReason({ atSeconds }: ClockBreak): string {
  return `the file's clock goes back after ${atSeconds.toFixed(1)} s, as when a second recording was appended to the first (mode "exact" cuts both, one after the other)`
}

export interface ReadUntilOptions extends ClockOptions {
  /** The file's declared length: a time later than this by more than a rounding error is damaged. */
  readonly declaredSeconds: number | undefined
}

/** Whether a copy ended where the file is cut off, before it could report how far it came. */
export function endedAtBreak(result: FfmpegResult): boolean {
  return result.exitCode !== undefined && result.exitCode !== 0 && hasBrokenOff(result)
}

/**
 * Where the last whole packet ends; undefined where that is not known. FFmpeg's own progress lags by half a second there, and the
 * last piece gets no tables.
 */
export async function readUntil(options: ReadUntilOptions): Promise<number | undefined> {
  const { input, streams, scratch, signal, onRead } = options
  const ends = createEndFinder(options)
  const whole = { ...input, isWholeAsked: true }
  const result = await readPackets(whole, streams, {
    scratch,
    signal,
    onRead,
    onPacket: (packet) => ends.add(packet),
  })
  return !result || hasLostInput(result) ? undefined : ends.seconds()
}

/** Pure but for its own state. */
export function createEndFinder({
  streams,
  startSeconds,
  declaredSeconds = Infinity,
}: Pick<ReadUntilOptions, 'streams' | 'startSeconds' | 'declaredSeconds'>) {
  let endSeconds = 0
  return {
    add({ stream, pts, dts, duration = 0 }: Packet): void {
      const shown = pts ?? dts
      if (shown === undefined || !streams.includes(stream)) return
      endSeconds = Math.max(endSeconds, shown + duration - startSeconds)
    },
    seconds: (): number | undefined =>
      endSeconds > 0 && endSeconds <= declaredSeconds + 1 ? endSeconds : undefined,
  }
}
