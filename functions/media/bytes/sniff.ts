/**
 * A look at a file's first bytes, before FFmpeg sees it: a file that is plainly not media is refused with a better
 * reason than FFmpeg's. The allow-lists in `allowed.ts` are the real barrier, so a disguise that gets past does no harm. Pure.
 * @module
 */
import { demuxerOf } from '../../ffmpeg/demuxer.ts'

/** How many bytes of the beginning {@link sniff} looks at. */
export const SNIFF_BYTES = 4_096

export interface Sniff {
  /** Why the file is refused, as the end of a sentence that begins with "the file is". */
  readonly refusal?: string
  /** Its Matroska header calls it WebM, the subset that browsers play. */
  readonly isWebm: boolean
  /** FFmpeg's name of the only demuxer that may read it; absent where the first bytes do not say. */
  readonly demuxer?: string
  /** How long the file says it is, where its header says so: RIFF, as in AVI and WAV, and Matroska that is not a live recording. */
  readonly declaredBytes?: number
  /** Its header says that its length is not known: WAV that was written to a pipe. */
  readonly isLengthUnknown: boolean
  /** The size of the packets it consists of: an MPEG transport stream's 188 bytes, or 192 with a camera's time stamps. */
  readonly packetBytes?: number
}

/** Beginnings of text and what they are; compared in lower case. */
const TEXTS: readonly (readonly [string, string])[] = [
  ['#extm3u', 'an HLS playlist, not media'],
  ['ffconcat', 'a list of other files for FFmpeg, not media'],
  ['<mpd', 'a DASH manifest, not media'],
  ['<svg', 'an SVG picture'],
  ['<!doctype html', 'an HTML page'],
  ['<html', 'an HTML page'],
  ['v=0', 'a session description (SDP), not media'],
]

const BINARIES: readonly (readonly [readonly number[], string])[] = [
  [[0x50, 0x4b, 0x03, 0x04], 'a ZIP archive'],
  [[0x1f, 0x8b], 'a gzip archive'],
  [[0x25, 0x50, 0x44, 0x46], 'a PDF document'],
  [[0x7f, 0x45, 0x4c, 0x46], 'a program (ELF)'],
  [[0xff, 0xd8, 0xff], 'a JPEG picture'],
  [[0x89, 0x50, 0x4e, 0x47], 'a PNG picture'],
  [[0x47, 0x49, 0x46, 0x38], 'a GIF picture'],
]

const EBML = [0x1a, 0x45, 0xdf, 0xa3]
/** A program that writes RIFF to a pipe cannot know its length and writes about 2^31 or 2^32. */
const UNKNOWN_LENGTH = 0x7fff_0000

export function sniff(head: Buffer): Sniff {
  const refusal = refusalOf(head)
  const isWebm = startsWith(head, EBML) && head.subarray(0, 64).includes('webm')
  const isRiff = head.length >= 12 && head.subarray(0, 4).toString('latin1') === 'RIFF'
  const riffBytes = isRiff ? head.readUInt32LE(4) + 8 : 0
  const isWave = isRiff && head.subarray(8, 12).toString('latin1') === 'WAVE'
  const packetBytes = packetBytesOf(head)
  const demuxer = packetBytes === undefined ? demuxerOf(head) : 'mpegts'
  return {
    isWebm,
    isLengthUnknown: isWave && (riffBytes === 8 || riffBytes >= UNKNOWN_LENGTH),
    ...(demuxer !== undefined && { demuxer }),
    ...(packetBytes !== undefined && { packetBytes }),
    ...(refusal !== undefined && { refusal }),
    ...(riffBytes > 8 && riffBytes < UNKNOWN_LENGTH && { declaredBytes: riffBytes }),
    ...(startsWith(head, EBML) && matroskaBytes(head)),
  }
}

const SEGMENT = [0x18, 0x53, 0x80, 0x67]

/** Up to the end of its one Segment, the element behind the header. A live recording's has no length. */
function matroskaBytes(head: Buffer): Pick<Sniff, 'declaredBytes'> {
  const header = lengthAt(head, EBML.length)
  const at = header?.end
  if (!header || at === undefined || !startsWith(head.subarray(at + header.bytes), SEGMENT)) return {}
  const segment = lengthAt(head, at + header.bytes + SEGMENT.length)
  return segment ? { declaredBytes: segment.end + segment.bytes } : {}
}

/** A length of EBML: as many zero bits as bytes follow, a one, and the number; all ones mean that it is unknown. */
function lengthAt(head: Buffer, at: number): { readonly bytes: number; readonly end: number } | undefined {
  const width = Math.clz32(head[at] ?? 0) - 23
  const end = at + width
  if (width > 8 || end > head.length) return undefined
  const field = BigInt(`0x${head.toString('hex', at, end)}`)
  const ones = (1n << BigInt(7 * width)) - 1n
  const value = field & ones
  return value === ones ? undefined : { bytes: Number(value), end }
}

function refusalOf(head: Buffer): string | undefined {
  if (head.length === 0) return 'empty (0 bytes)'
  const binary = BINARIES.find(([magic]) => startsWith(head, magic))
  if (binary) return binary[1]
  if (isRiffPicture(head)) return 'a WebP picture'
  if (!isText(head)) return head.every((byte) => byte === 0) ? 'only zeros, not media' : undefined
  const text = head
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart()
    .toLowerCase()
  const beginning = text.startsWith('<?xml') ? text.replace(/^<\?xml[^>]*>\s*/, '') : text
  const [, method] =
    /^#extm3u[^]*#ext-x-(?:session-)?key:method=((?:sample-)?aes[\w-]*)/.exec(beginning) ?? []
  if (method !== undefined)
    return `an HLS playlist whose segments are encrypted (${method.toUpperCase()}), not media`
  return TEXTS.find(([start]) => beginning.startsWith(start))?.[1] ?? 'text, not media'
}

/** Every packet of a transport stream begins with 0x47; chance does not put it there eight times in a row. */
function packetBytesOf(head: Buffer): number | undefined {
  const packets = Array.from({ length: 8 }, (_, index) => index)
  const isStream = (bytes: number, offset: number) =>
    packets.every((index) => head[index * bytes + offset] === 0x47)
  if (isStream(188, 0)) return 188
  return isStream(192, 4) ? 192 : undefined
}

function startsWith(head: Buffer, magic: readonly number[]): boolean {
  return magic.every((byte, index) => head[index] === byte)
}

function isRiffPicture(head: Buffer): boolean {
  return (
    head.subarray(0, 4).toString('latin1') === 'RIFF' && head.subarray(8, 12).toString('latin1') === 'WEBP'
  )
}

/** Text has no control characters but white space and escape; every media format has some in its first bytes. */
function isText(head: Buffer): boolean {
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) return isUtf16(head)
  return head.every((byte) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d) || byte === 0x1b)
}

/** With a byte order mark: every second byte of western text is zero. MPEG audio begins with FF FE too, but has no such pattern. */
function isUtf16(head: Buffer): boolean {
  const high = head[0] === 0xff ? 1 : 0
  const units = Math.floor(head.length / 2) - 1
  let zeros = 0
  for (let unit = 1; unit <= units; unit++) if (head[unit * 2 + high] === 0) zeros++
  return units > 0 && zeros >= units * 0.9
}
