/** Detects encrypted media, which FFmpeg would copy as they are, into files that nobody can play. Read from the file's own header. @module */
import { boxes, within } from './mp4-boxes.ts'
import { readMoov } from './mp4-source.ts'
import { encryptionOfTransport } from './encrypted-transport.ts'

/** Up to `count` bytes of the file from `start` on. */
export type ReadBytes = (start: number, count: number) => Promise<Buffer>

/** Why it cannot be used, as a sentence without its full stop; `undefined` when nothing says that it is encrypted. */
export async function encryptionOf(
  read: ReadBytes,
  demuxer: string | undefined,
  sizeBytes: number,
): Promise<string | undefined> {
  const scheme = await schemeOf(read, demuxer, sizeBytes)
  return (
    scheme &&
    `the file is encrypted (${scheme}): its packets could be copied and not played, and there is no key here; upload it decrypted`
  )
}

async function schemeOf(read: ReadBytes, demuxer: string | undefined, sizeBytes: number) {
  if (demuxer === 'mov') return inMoov(await readMoov(read, sizeBytes))
  if (demuxer === 'matroska') return inTracks(read, sizeBytes)
  if (demuxer === 'asf') return inAsf(await read(0, HEAD_BYTES))
  if (demuxer === 'mpegts') return encryptionOfTransport(await read(0, HEAD_BYTES))
  return undefined
}

const HEAD_BYTES = 65_536
/** Elements before the one that is looked for. */
const MAX_STEPS = 1_000
const MAX_TRACKS_BYTES = 4 * 1024 ** 2

/** Sample entries of Common Encryption, and of Apple's own. */
const ENCRYPTED = ['encv', 'enca', 'drmi', 'drms']
/** Of `stsd`, before its entries: version, flags, and their number. */
const STSD_HEADER_BYTES = 8

function inMoov(moov: Buffer | undefined): string | undefined {
  const traks = boxes(moov).filter(({ type }) => type === 'trak')
  const entries = traks.flatMap(({ content }) =>
    boxes(within(content, 'mdia/minf/stbl/stsd')?.subarray(STSD_HEADER_BYTES)),
  )
  const entry = entries.find(({ type }) => ENCRYPTED.includes(type))
  return entry && withScheme(entry.type, entry.content)
}

/** `encv, cenc`: the box `schm` names the scheme behind its version and flags. */
function withScheme(type: string, entry: Buffer): string {
  const at = entry.indexOf('schm')
  const scheme = at < 0 ? '' : entry.toString('latin1', at + 8, at + 12)
  return /^[\w-]{4}$/.test(scheme) ? `${type}, ${scheme}` : type
}

const EBML = {
  segment: 0x18538067,
  tracks: 0x1654ae6b,
  cluster: 0x1f43b675,
  entry: 0xae,
  encodings: 0x6d80,
  encoding: 0x6240,
  encryption: 0x5035,
  kind: 0x5033,
} as const
const EBML_HOLDERS: readonly number[] = [EBML.tracks, EBML.entry, EBML.encodings, EBML.encoding]

async function inTracks(read: ReadBytes, sizeBytes: number): Promise<string | undefined> {
  let at = 0
  for (let step = 0; step < MAX_STEPS && at < sizeBytes; step++) {
    const element = elementAt(await read(at, 12), 0)
    if (!element || element.id === EBML.cluster) return undefined
    if (element.id === EBML.tracks) {
      const tracks = await read(at, Math.min(element.header + element.bytes, MAX_TRACKS_BYTES))
      return holdsEncryption(tracks, 0, tracks.length) ? 'ContentEncryption' : undefined
    }
    at += element.header + (element.id === EBML.segment ? 0 : element.bytes)
  }
  return undefined
}

function holdsEncryption(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end;) {
    const element = elementAt(bytes, at)
    if (!element) return false
    if (element.id === EBML.encryption) return true
    const from = at + element.header
    // 1 is encryption, also where its details are left out.
    if (element.id === EBML.kind && element.bytes === 1 && bytes[from] === 1) return true
    const to = Math.min(end, from + element.bytes)
    if (EBML_HOLDERS.includes(element.id) && holdsEncryption(bytes, from, to)) return true
    at = from + element.bytes
  }
  return false
}

function elementAt(bytes: Buffer, at: number) {
  const idLength = Math.clz32(bytes[at] ?? 0) - 23
  const sizeAt = at + idLength
  const width = Math.clz32(bytes[sizeAt] ?? 0) - 23
  if (idLength > 4 || width > 8 || sizeAt + width > bytes.length) return undefined
  let size = (bytes[sizeAt] ?? 0) & ((1 << (8 - width)) - 1)
  for (let next = 1; next < width; next++) size = size * 256 + (bytes[sizeAt + next] ?? 0)
  return { id: bytes.readUIntBE(at, idLength), header: idLength + width, bytes: size }
}

/** Objects of the header: Content Encryption and Extended Content Encryption. */
const ASF_OBJECTS = ['fbb3112223bdd211b4b700a0c955fc6e', '14e68a292226174cb935dae07ee9289c']

function inAsf(head: Buffer): string | undefined {
  return ASF_OBJECTS.some((id) => head.includes(Buffer.from(id, 'hex'))) ? 'Windows Media DRM' : undefined
}
