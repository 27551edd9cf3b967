/** Finds another file after the end of the first one, as when two were joined: FFmpeg silently reads no further. @module */
import { demuxerOf } from '../../ffmpeg/demuxer.ts'
import type { ReadBytes } from './encrypted.ts'

const HEAD_BYTES = 64

interface Element {
  readonly bytes: number
  readonly type?: string
}

/** For each container, the length of the element that begins with these bytes; `undefined` if there is none. */
const ELEMENTS: Readonly<Record<string, (head: Buffer, at: number) => Element | undefined>> = {
  mov: boxOf,
  wav: (head, at) => (at === 0 ? { bytes: even(8 + head.readUInt32LE(4)) } : undefined),
  aiff: (head, at) => (at === 0 ? { bytes: even(8 + head.readUInt32BE(4)) } : undefined),
  caf: (head, at) => (at === 0 ? { bytes: 8 } : { bytes: 12 + Number(head.readBigInt64BE(4)) }),
  asf: (head) => ({ bytes: Number(head.readBigUInt64LE(16)) }),
}

export interface SecondFile {
  readonly atByte: number
}

export interface WhereToLook {
  readonly sizeBytes: number
  /** Of a container whose header says where it ends, such as Matroska. */
  readonly endBytes?: number | undefined
  /** A file of more elements is believed to be one. */
  readonly maxElements: number
}

/** Undefined when there is none, or nothing tells where the first one ends. */
export async function secondFile(
  read: ReadBytes,
  demuxer: string | undefined,
  { sizeBytes, endBytes, maxElements }: WhereToLook,
): Promise<SecondFile | undefined> {
  const elementOf = ELEMENTS[demuxer ?? '']
  let at = elementOf ? 0 : (endBytes ?? sizeBytes)
  let hasTables = false
  for (let step = 0; step < maxElements && at + HEAD_BYTES <= sizeBytes; step++) {
    const head = await read(at, HEAD_BYTES)
    const element = elementOf?.(head, at)
    const begins = demuxerOf(head)
    if (at > 0 && begins !== undefined && isBeginning(begins, demuxer, element, hasTables))
      return { atByte: at }
    if (!element || !(element.bytes >= 8)) return undefined
    hasTables ||= element.type === 'moov'
    at += element.bytes
  }
  return undefined
}

/** A box of an MP4 is one of many; only what belongs at the beginning, or comes once, is another file's. */
function isBeginning(
  begins: string,
  demuxer: string | undefined,
  element: Element | undefined,
  hasTables: boolean,
): boolean {
  if (demuxer !== 'mov' || begins !== 'mov') return true
  return hasTables && ['ftyp', 'moov'].includes(element?.type ?? '')
}

function boxOf(head: Buffer): Element | undefined {
  const type = head.toString('latin1', 4, 8)
  if (!/^[ -~©]{4}$/.test(type)) return undefined
  const short = head.readUInt32BE(0)
  return { type, bytes: short === 1 ? Number(head.readBigUInt64BE(8)) : short }
}

/** RIFF and its kin fill up to whole words. */
function even(bytes: number): number {
  return bytes + (bytes % 2)
}

/** For the manifest. */
export function secondFileWarning({ atByte }: SecondFile, demuxer: string | undefined): string {
  // Newer ones continue, and the second file has times of its own.
  const who = demuxer === 'matroska' ? 'FFmpeg before 5 does not read it' : 'it is not read'
  return `another file begins at byte ${atByte}, after the end of the first: ${who}; upload it as a separate file`
}
