/** The pages of Ogg: how a file ends, and where the links of a chained one begin. Pure. @module */
import type { ByteRange } from '../../ffmpeg/media-input.ts'

interface Page {
  readonly isFirst: boolean
  readonly isLast: boolean
  readonly serial: number
  /** With its header. */
  readonly bytes: number
}

const MARK = Buffer.from('OggS')
const HEADER_BYTES = 27
/** Header, table, and 255 segments of 255 bytes. */
const MAX_PAGE_BYTES = HEADER_BYTES + 255 + 255 * 255
/** The last page is in there, also where some other program's tags follow it. */
export const TAIL_BYTES = 2 * MAX_PAGE_BYTES

/** `undefined` where no page begins, or its header is not all there. */
function pageAt(buffer: Buffer, at: number): Page | undefined {
  const segments = buffer[at + HEADER_BYTES - 1]
  const isPage = buffer.subarray(at, at + MARK.length).equals(MARK) && buffer[at + 4] === 0
  const flags = buffer[at + 5] ?? 0
  if (!isPage || flags > 7 || segments === undefined) return undefined
  const table = buffer.subarray(at + HEADER_BYTES, at + HEADER_BYTES + segments)
  if (table.length < segments) return undefined
  return {
    isFirst: (flags & 2) !== 0,
    isLast: (flags & 4) !== 0,
    serial: buffer.readUInt32LE(at + 14),
    bytes: HEADER_BYTES + segments + table.reduce((sum, length) => sum + length, 0),
  }
}

export interface OggEnd {
  /** Of the last page whose header is all there. */
  readonly serial: number
  /** The file ends in the middle of a page. */
  readonly isTorn: boolean
  /** The last page says that its stream ends with it. */
  readonly isMarked: boolean
}

/** By the last bytes of a file; `undefined` when no page begins there. */
export function endOfOgg(tail: Buffer): OggEnd | undefined {
  let isTorn = false
  for (let at = tail.lastIndexOf(MARK); at >= 0; at = at > 0 ? tail.lastIndexOf(MARK, at - 1) : -1) {
    const page = pageAt(tail, at)
    if (page) {
      isTorn ||= at + page.bytes > tail.length
      return { serial: page.serial, isTorn, isMarked: page.isLast }
    }
    isTorn ||= tail.length - at < HEADER_BYTES + 255
  }
  return undefined
}

/** The numbers of the streams with which a file begins. */
export function firstSerials(head: Buffer): readonly number[] {
  const serials: number[] = []
  let at = 0
  for (let page = pageAt(head, at); page?.isFirst; page = pageAt(head, at)) {
    serials.push(page.serial)
    at += page.bytes
  }
  return serials
}

/**
 * Takes a file piece by piece. A link begins with the first pages of all its streams: one that follows any other page begins
 * the next link. Pure but for its own state.
 */
export function createLinkFinder() {
  const starts: number[] = []
  let held: Buffer = Buffer.alloc(0)
  /** Of `held`, in the file. */
  let startByte = 0
  let wasFirst = false
  const walk = (isEnd: boolean) => {
    let at = 0
    while (isEnd ? at < held.length : held.length - at > MAX_PAGE_BYTES + MARK.length) {
      const page = pageAt(held, at)
      if (page?.isFirst && !wasFirst) starts.push(startByte + at)
      if (page) wasFirst = page.isFirst
      const next = at + (page?.bytes ?? 0)
      // The rest of a torn page is not skipped: the next link may begin within its declared length.
      const isFollowed = page && held.subarray(next, next + MARK.length).equals(MARK)
      const found = isFollowed ? next : held.indexOf(MARK, at + 1)
      // A mark may begin in the last three bytes.
      at = found >= 0 ? found : isEnd ? held.length : Math.max(at + 1, held.length - MARK.length + 1)
    }
    startByte += at
    held = held.subarray(at)
  }
  return {
    add(bytes: Buffer): void {
      held = Buffer.concat([held, bytes])
      walk(false)
    },
    end(): readonly ByteRange[] {
      const endByte = startByte + held.length
      walk(true)
      return starts.map((start, place) => ({ startByte: start, endByte: starts[place + 1] ?? endByte }))
    },
    count: () => starts.length,
  }
}
