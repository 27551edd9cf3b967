/** A source -> what it is, or the reason why it is refused. The first step of every function on media. @module */
import { PermanentError, type Source } from '../../runtime/index.ts'
import { isAcceptedCodec } from '../ffmpeg/allowed.ts'
import { probeArguments } from '../ffmpeg/arguments.ts'
import { demuxerNamed } from '../ffmpeg/demuxer.ts'
import { hasForeignStream } from '../ffmpeg/words/diagnosis.ts'
import { parseDump } from './dump.ts'
import { encryptionOf } from './bytes/encrypted.ts'
import { mustHaveSucceeded } from '../ffmpeg/words/failure.ts'
import { BEGINNING, lookOn, type Place } from './bytes/mp4-fragments.ts'
import { runFfmpeg } from '../ffmpeg/run/ffmpeg.ts'
import { type FfmpegResult, ToolError } from '../ffmpeg/words/result.ts'
import { firstTimes } from './packets/packets.ts'
import { ffprobeSchema, toMediaInfo, type FfprobeStream, type MediaInfo } from './media-info.ts'
import { declaredTracks, UNREAD_TABLES, type DeclaredTrack } from './bytes/mp4-source.ts'
import { mediaInput, type MediaInput, type ByteRange } from '../ffmpeg/media-input.ts'
import { endOfOgg, TAIL_BYTES } from './bytes/ogg-pages.ts'
import { refusalOfMedia, refusalOfTracks } from './policy.ts'
import { secondFile, secondFileWarning } from './bytes/second-file.ts'
import { sniff, SNIFF_BYTES, type Sniff } from './bytes/sniff.ts'

export interface Inspection {
  readonly input: MediaInput
  readonly media: MediaInfo
  /** ffprobe's own document: streams, chapters, format; without the name of our copy. */
  readonly document: object
  readonly isWebm: boolean
  readonly sizeBytes: number
  /**
   * An incomplete packet is not a sign of truncation: transport streams are received badly and joined anywhere, and a program
   * that writes WAV to a pipe cannot know where it ends.
   */
  readonly isRaggedFine?: boolean
  /** Warnings about the file itself. */
  readonly warnings?: readonly string[]
  /** Why it is incomplete, by its own first bytes. */
  readonly breaksOff?: string
  /** A check that takes longer and runs while the file is cut. Its answer is a `breaksOff`. */
  readonly lookOn?: () => Promise<string | undefined>
  /** The declarations in the tables of MP4 and QuickTime, by the number of the stream. */
  readonly declared?: ReadonlyMap<number, DeclaredTrack>
}

export interface InspectOptions {
  readonly source: Pick<Source, 'input' | 'bytes'>
  readonly sizeBytes: number
  /** A folder of the attempt's own: the working folder of ffprobe. */
  readonly scratch: string
  readonly signal: AbortSignal
  /** A truncated file is not refused for that: the caller does that once it knows how far the file could be read. `false`, not absent, where the option onTruncated would keep it. */
  readonly isTruncatedFine?: boolean
  /** Only these bytes of what {@link source} gives to tools are the file; its `bytes` begin with them. */
  readonly range?: ByteRange
}

/** Ends the messages about a truncated file. */
export const KEEP_HINT = '; onTruncated=keep saves the intact part'

const TORN_PAGE = 'the file is truncated: its last page is incomplete'
const UNMARKED_END =
  'its last page is not marked as the last one, as when a recording is interrupted: more may have followed'

/** In a file that is not on disk, each element costs a request to the store. */
const MAX_ELEMENTS = { onDisk: 100_000, inStore: 100 }
/** A longer text is not a plausible description: tags can be as large as the file. */
const MAX_DOCUMENT_CHARACTERS = 8 * 1024 ** 2

/**
 * @throws {PermanentError} when the file is empty, not media, truncated in its header, or not accepted
 * @throws {ToolError} when ffprobe did not run or was killed
 */
export async function inspect(options: InspectOptions): Promise<Inspection> {
  const { source, sizeBytes, scratch } = options
  // First: a small source is then on disk, and requested from the store only once.
  const address = mediaInput(await source.input(), scratch, options.range)
  const first = sniff(await source.bytes(0, SNIFF_BYTES))
  if (first.refusal !== undefined) throw new PermanentError(`the file is ${first.refusal}`)
  const { next, ...looked } = await tornFragments(options, first, address)
  const read = (start: number, count: number) => source.bytes(start, count)
  const oggEnd =
    first.demuxer === 'ogg'
      ? endOfOgg(await read(Math.max(0, sizeBytes - TAIL_BYTES), TAIL_BYTES))
      : undefined
  let breaksOff = tornBy(first, sizeBytes) ?? looked.breaksOff ?? (oggEnd?.isTorn ? TORN_PAGE : undefined)
  if (next && !options.isTruncatedFine) breaksOff ??= await laterFragments(options, next)
  if (breaksOff !== undefined && !options.isTruncatedFine)
    throw new PermanentError(`${breaksOff}${options.isTruncatedFine === false ? KEEP_HINT : ''}`)
  const encryption = await encryptionOf(read, first.demuxer, sizeBytes)
  if (encryption !== undefined) throw new PermanentError(encryption)
  const second = await secondFile(read, first.demuxer, {
    sizeBytes,
    endBytes: first.declaredBytes,
    maxElements: address.isUrl ? MAX_ELEMENTS.inStore : MAX_ELEMENTS.onDisk,
  })
  const input = { ...address, ...(first.demuxer !== undefined && { demuxer: first.demuxer }) }
  const { parsed, document, said, hasForeign } = await describe(options, input)
  const media = toMediaInfo(parsed, said, hasForeign)
  const demuxer = demuxerNamed(media.format)
  const tracks = demuxer === 'mov' ? await declaredTracks(read, sizeBytes) : []
  const refusal = refusalOfMedia(media) ?? refusalOfTracks(tracks)
  if (refusal !== undefined) throw new PermanentError(`the file is not accepted: ${refusal}`)
  return {
    input: { ...address, ...(demuxer !== undefined && { demuxer }), ...(hasForeign && { hasForeign }) },
    media,
    document,
    isWebm: first.isWebm,
    sizeBytes,
    isRaggedFine: demuxer === 'mpegts' || first.isLengthUnknown,
    ...(breaksOff !== undefined && { breaksOff }),
    ...(next && { lookOn: () => laterFragments(options, next) }),
    warnings: [
      ...(second ? [secondFileWarning(second, demuxer)] : []),
      ...(oggEnd && !oggEnd.isTorn && !oggEnd.isMarked ? [UNMARKED_END] : []),
      ...(demuxer === 'mov' && tracks.length === 0 ? [UNREAD_TABLES] : []),
    ],
    ...(tracks.length > 0 && { declared: byStream(parsed.streams, tracks) }),
  }
}

/** ffprobe names a stream of MP4 by the number of its track, such as `0x1`. */
function byStream(
  streams: readonly { readonly index: number; readonly id?: unknown }[],
  tracks: readonly DeclaredTrack[],
): ReadonlyMap<number, DeclaredTrack> {
  const found = streams.flatMap(({ index, id }) => {
    const track = tracks.find(({ trackId }) => trackId === Number(id))
    return track ? [[index, track] as const] : []
  })
  return new Map(found)
}

/** By ffprobe, or by its text for people if it would have to open a decoder that is not accepted. */
async function describe({ scratch, signal }: InspectOptions, input: MediaInput) {
  const common = { tool: 'ffprobe', profile: 'probe', cwd: scratch, signal } as const
  const document = gather()
  const result = await runFfmpeg({ ...common, arguments: probeArguments(input), onLine: document.add })
  const said = [...(result.notableLines ?? []), ...result.lastLines]
  if (result.exitCode !== 0 && hasForeignStream(result)) {
    const text = gather()
    const again = { ...common, arguments: probeArguments(input, 'info'), onErrorLine: text.add }
    await runFfmpeg(again)
    const dump = parseDump(text.lines)
    if (dump) {
      const parsed = ffprobeSchema.parse(dump)
      const streams = parsed.streams.filter(isCopied).map(({ index }) => index)
      const times = await firstTimes(input, streams, { scratch, signal })
      for (const stream of parsed.streams) stream.start_time = times.get(stream.index)
      return { parsed, document: dump, said, hasForeign: true }
    }
  }
  mustHaveSucceeded(result)
  return { ...parse(document.lines.join('\n'), result), said, hasForeign: false }
}

/** Without opening its decoder. */
function isCopied({ codec_type: type = '', codec_name: codec }: FfprobeStream): boolean {
  return ['video', 'audio'].includes(type) && codec !== undefined && isAcceptedCodec(codec)
}

/** Lines of a description. */
function gather() {
  const lines: string[] = []
  let characters = 0
  const add = (line: string): void => {
    characters += line.length
    if (characters > MAX_DOCUMENT_CHARACTERS) {
      throw new PermanentError('the file describes itself in more than 8 MiB of text, which is not accepted')
    }
    lines.push(line)
  }
  return { lines, add }
}

function parse(json: string, result: FfmpegResult) {
  try {
    const document = JSON.parse(json) as { format?: { filename?: string } }
    delete document.format?.filename
    return { parsed: ffprobeSchema.parse(document), document }
  } catch (cause) {
    throw new ToolError('ffprobe wrote something other than a description', { ...result, cause })
  }
}

/** In a file that is not on disk, each fragment costs a request to the store: the first ones are checked before anything else. */
const MAX_BOXES = { onDisk: 1_000_000, atFirst: 1_000, inStore: 200_000 }

interface Looked {
  readonly breaksOff?: string
  /** There are more fragments. */
  readonly next?: Place
}

async function tornFragments(
  { source, sizeBytes }: InspectOptions,
  { demuxer }: Sniff,
  { isUrl }: MediaInput,
): Promise<Looked> {
  if (demuxer !== 'mov') return {}
  const read = (start: number, count: number) => source.bytes(start, count)
  const maxBoxes = isUrl ? MAX_BOXES.atFirst : MAX_BOXES.onDisk
  const found = await lookOn(BEGINNING, { read, sizeBytes, maxBoxes })
  if (typeof found === 'string') return { breaksOff: found }
  return isUrl && found?.isFragmented ? { next: found } : {}
}

/** Why the file is incomplete, by its later fragments. */
async function laterFragments(
  { source, sizeBytes }: InspectOptions,
  from: Place,
): Promise<string | undefined> {
  const read = (start: number, count: number) => source.bytes(start, count)
  const found = await lookOn(from, { read, sizeBytes, maxBoxes: MAX_BOXES.inStore })
  return typeof found === 'string' ? found : undefined
}

function tornBy({ declaredBytes, packetBytes }: Sniff, sizeBytes: number): string | undefined {
  if (declaredBytes !== undefined && declaredBytes > sizeBytes) {
    return `the file is truncated: its header declares ${declaredBytes} bytes, and there are ${sizeBytes}`
  }
  // Old builds of FFmpeg silently skip half a packet.
  const restBytes = packetBytes === undefined ? 0 : sizeBytes % packetBytes
  return restBytes === 0
    ? undefined
    : `the file is truncated: it is a stream of packets of ${packetBytes} bytes, and the last one has ${restBytes}`
}
