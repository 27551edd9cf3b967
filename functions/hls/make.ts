/**
 * One run of FFmpeg, or the tables of the source -> the tracks of a presentation, their segments sent as they are made, and the
 * text of its subtitles.
 * @module
 */
import { PermanentError, type OutputFile, type Source } from '../../runtime/index.ts'
import { decodingWarning, isCutShort } from '../ffmpeg/words/diagnosis.ts'
import { failureOf, mustHaveSucceeded } from '../ffmpeg/words/failure.ts'
import { encodingLimits } from '../ffmpeg/sandbox/ulimits.ts'
import type { FfmpegProgress } from '../ffmpeg/run/progress.ts'
import { ToolError } from '../ffmpeg/words/result.ts'
import type { OutputReader } from '../ffmpeg/run/outputs.ts'
import { runFfmpeg } from '../ffmpeg/run/ffmpeg.ts'
import { atTimes, everySeconds, splinterSecondsOf } from './cut/cuts.ts'
import { FlawError, OpenGopError } from './cut/segmenter.ts'
import { KEEP_HINT } from '../media/inspect.ts'
import { ownSounds, type Plan } from './plan/plan.ts'
import { copyTracks } from './tables/copy.ts'
import type { TableCopy } from './tables/plan-copy.ts'
import { UndescribedError } from './transport/segmenter.ts'
import { createTrackFiles, type MadeTrack, type TrackFiles } from './track-files.ts'

export interface MakeOptions {
  readonly plan: Plan
  readonly arguments: readonly string[]
  /** Where the tables of the source suffice: then no FFmpeg runs. */
  readonly tableCopy?: TableCopy | undefined
  readonly source: Pick<Source, 'steps'>
  readonly seconds: number
  readonly cutsSeconds?: readonly number[] | undefined
  /** An incomplete packet is not a reason to refuse the file. */
  readonly isRaggedFine: boolean
  readonly cores: number
  readonly scratch: string
  readonly signal: AbortSignal
  readonly send: (file: OutputFile) => Promise<void>
  readonly onProgress: (progress: FfmpegProgress) => void
}

export interface Made {
  /** In the order of the plan. */
  readonly pictures: readonly MadeTrack[]
  readonly sounds: readonly MadeTrack[]
  /** FFmpeg's WebVTT, in the order of the plan. */
  readonly subtitles: readonly string[]
  /** Packets of each stream of the source, where they were counted. */
  readonly readPackets: ReadonlyMap<number, number>
  /** A complaint of the decoders. */
  readonly damage?: string | undefined
}

/** Of all subtitles together: a film has some 100 KB of each. */
const MAX_TEXT_BYTES = 64 * 1024 ** 2
/**
 * @throws {PermanentError} when the file is the cause
 * @throws {ToolError} when FFmpeg failed for another reason
 */
export async function makeTracks(options: MakeOptions): Promise<Made> {
  const { plan, seconds, cutsSeconds, scratch, signal, send, tableCopy } = options
  const files = (name: string, kind: 'video' | 'audio') =>
    createTrackFiles({
      name,
      kind,
      isTransport: plan.isTransport ?? false,
      isCut: cutsSeconds ? atTimes(cutsSeconds) : everySeconds(seconds),
      splinterSeconds: splinterSecondsOf(seconds),
      scratch,
      send,
    })
  const pictures = plan.pictures.map(({ name }) => files(name, 'video'))
  const sounds = ownSounds(plan).map(({ name }) => files(name, 'audio'))
  const counted = { bytes: 0 }
  const texts = plan.subtitles.map(() => createText(counted))
  try {
    const facts = tableCopy
      ? await fromTables(tableCopy, [...pictures, ...sounds], options)
      : await fromFfmpeg([...pictures, ...sounds, ...texts], options)
    signal.throwIfAborted()
    return {
      pictures: await Promise.all(pictures.map((track) => track.end())),
      sounds: await Promise.all(sounds.map((track) => track.end())),
      subtitles: texts.map(({ text }) => text()),
      ...facts,
    }
  } catch (error) {
    throw refusalOf(error)
  } finally {
    await Promise.all([...pictures, ...sounds].map((track) => track.drop()))
  }
}

type Facts = Pick<Made, 'readPackets' | 'damage'>

async function fromTables(
  { tracks }: TableCopy,
  files: readonly TrackFiles[],
  { plan, source, signal, onProgress }: MakeOptions,
): Promise<Facts> {
  const copied = files.flatMap(({ take }, place) => {
    const planned = tracks[place]
    return planned ? [{ ...planned, take }] : []
  })
  await copyTracks({ source, tracks: copied, signal, onProgress })
  const ofSounds = tracks.slice(plan.pictures.length)
  return {
    readPackets: new Map(
      plan.sounds.map(({ stream }, place) => [stream.index, ofSounds[place]?.track.packets ?? NaN]),
    ),
  }
}

async function fromFfmpeg(
  readers: readonly Pick<TrackFiles, 'take'>[],
  options: MakeOptions,
): Promise<Facts> {
  const { plan, scratch, signal, onProgress, cores, isRaggedFine } = options
  const isEncoded = plan.pictures.some(({ how }) => how === 'encode')
  const isAnyEncoded = isEncoded || plan.sounds.some(({ how }) => how === 'encode')
  const result = await runFfmpeg({
    tool: 'ffmpeg',
    profile: isAnyEncoded ? 'encode' : 'copy',
    arguments: options.arguments,
    sourcePixels: isEncoded ? pixelsOf(plan) : 0,
    cwd: scratch,
    signal,
    limits: isEncoded ? encodingLimits(cores) : {},
    outputs: readers.map(
      (reader): OutputReader =>
        (bytes) =>
          reader.take(bytes),
    ),
    onProgress,
  })
  const tornHint = isRaggedFine ? '' : KEEP_HINT
  mustHaveSucceeded(result, 'cut', tornHint)
  if (isCutShort(result) && !isRaggedFine) throw failureOf(result, 'cut', tornHint)
  const read = [...(result.counts?.read ?? [])]
  return {
    readPackets: new Map(read.map(([index, { packets }]) => [index, packets])),
    damage: isAnyEncoded ? decodingWarning(result) : undefined,
  }
}

function pixelsOf({ picture }: Plan): number {
  return (picture?.width ?? 0) * (picture?.height ?? 0)
}

function refusalOf(cause: unknown): unknown {
  if (cause instanceof OpenGopError)
    return new PermanentError(
      `the picture cannot be copied into HLS: its GOPs are open (${cause.message}); mode=encode re-encodes it`,
      { cause },
    )
  if (cause instanceof UndescribedError)
    return new PermanentError(
      `the picture cannot be copied into transport streams: its keyframe at ${cause.message} s comes without the description that players begin with; mode=encode re-encodes it, segments=fmp4 copies it`,
      { cause },
    )
  if (cause instanceof FlawError)
    return new PermanentError(`its tracks cannot be cut into segments: ${cause.message}`, { cause })
  if (cause instanceof Error && 'code' in cause && cause.code === 'ENOSPC')
    return new ToolError('the disk for scratch files is full', { tool: 'ffmpeg', cause })
  return cause
}

/** @param counted - of all of them */
function createText(counted: { bytes: number }) {
  const parts: Buffer[] = []
  return {
    take(bytes: Buffer): void {
      counted.bytes += bytes.length
      if (counted.bytes > MAX_TEXT_BYTES)
        throw new PermanentError('its subtitles have more than 64 MiB of text')
      parts.push(bytes)
    },
    text: () => Buffer.concat(parts).toString('utf8'),
  }
}
