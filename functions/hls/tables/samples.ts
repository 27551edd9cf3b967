/** The samples of one track of an MP4 or QuickTime file, one after the other, from its tables. Pure. @module */
import { find, type Box } from '../../media/bytes/mp4-boxes.ts'

/** A cursor, and not a list: a film of ten hours has two million samples. */
export interface Samples {
  /** Moves to the next sample; false after the last one, and where the tables end too early or contradict themselves. */
  next(): boolean
  /** Where its bytes begin in the file. */
  readonly offset: number
  readonly bytes: number
  /** How long it lasts. */
  readonly ticks: number
  /** From its decoding to when it is shown. */
  readonly delay: number
  /** It can be decoded by itself. */
  readonly isKey: boolean
  /** Once {@link next} has answered false: every row of every table was used. */
  readonly isExact: boolean
}

/** @returns `undefined` where a table is missing that every track has */
export function samplesOf(tables: readonly Box[]): Samples | undefined {
  const sizes = sizesOf(find(tables, 'stsz'))
  const lasting = rowsOf(find(tables, 'stts'))
  const delays = rowsOf(find(tables, 'ctts'))
  const places = placesOf(tables)
  if (!sizes || !lasting || !places) return undefined
  const sync = find(tables, 'stss')
  const keys = sync ? Math.min(countIn(sync), (sync.length - 8) >> 2) : 0
  let [count, key, isOver, isExact] = [0, 0, false, false]
  const samples = {
    offset: 0,
    bytes: 0,
    ticks: 0,
    delay: 0,
    isKey: false,
    get isExact() {
      return isExact
    },
    next() {
      if (isOver) return false
      const bytes = sizes()
      const ticks = lasting()
      const delay = delays ? delays() : 0
      const offset = bytes === undefined ? undefined : places.next(bytes)
      if (bytes === undefined || ticks === undefined || delay === undefined || offset === undefined) {
        const isAtEnd = bytes === undefined && ticks === undefined && (!delays || delay === undefined)
        isExact = isAtEnd && places.isAtEnd() && key === keys
        isOver = true
        return false
      }
      count++
      samples.isKey = !sync || (key < keys && sync.readUInt32BE(8 + key * 4) === count)
      if (sync && samples.isKey) key++
      samples.offset = offset
      samples.bytes = bytes
      samples.ticks = ticks
      samples.delay = delay
      return true
    },
  }
  return samples
}

/** How many rows a table says it has. */
export function countIn(table: Buffer): number {
  return table.length < 8 ? 0 : table.readUInt32BE(4)
}

type Next = () => number | undefined

/** `stsz`: a size for all, or one for each. */
function sizesOf(table: Buffer | undefined): Next | undefined {
  if (!table || table.length < 12) return undefined
  const [every, count] = [table.readUInt32BE(4), table.readUInt32BE(8)]
  let place = 0
  return () => {
    if (place >= count) return undefined
    if (every > 0) return (place++, every)
    const at = 12 + place++ * 4
    return at + 4 <= table.length ? table.readUInt32BE(at) : undefined
  }
}

/** The value of each sample in turn, from rows of a count and a value. */
function rowsOf(table: Buffer | undefined): Next | undefined {
  if (!table || table.length < 8) return undefined
  const end = Math.min(table.length - 7, 8 + countIn(table) * 8)
  let [at, left, value] = [8, 0, 0]
  return () => {
    while (left === 0) {
      if (at >= end) return undefined
      ;[left, value] = [table.readUInt32BE(at), table.readInt32BE(at + 4)]
      at += 8
    }
    left--
    return value
  }
}

interface Places {
  /** Where the next sample begins, which has so many bytes. */
  next(bytes: number): number | undefined
  isAtEnd(): boolean
}

/** Bytes of a row of `stsc`: the first chunk that it holds for, samples in each, and the number of their description. */
const GROUP_BYTES = 12

/** Samples lie in chunks, one after the other: `stco` or `co64` says where each begins, `stsc` how many it has. */
function placesOf(tables: readonly Box[]): Places | undefined {
  const long = find(tables, 'co64')
  const [chunks, wide] = [long ?? find(tables, 'stco'), long ? 8 : 4]
  const groups = find(tables, 'stsc')
  if (!chunks || chunks.length < 8 || !groups || groups.length < 8) return undefined
  const chunkCount = Math.min(countIn(chunks), Math.floor((chunks.length - 8) / wide))
  const groupCount = Math.min(countIn(groups), Math.floor((groups.length - 8) / GROUP_BYTES))
  const inGroup = (group: number, column: number) => groups.readUInt32BE(8 + group * GROUP_BYTES + column * 4)
  let [chunk, group, left, at] = [0, -1, 0, 0]
  return {
    next(bytes) {
      if (left === 0) {
        if (chunk >= chunkCount) return undefined
        const place = 8 + chunk++ * wide
        while (group + 1 < groupCount && inGroup(group + 1, 0) <= chunk) group++
        if (group < 0 || inGroup(group, 2) !== 1) return undefined
        left = inGroup(group, 1)
        if (left === 0) return undefined
        at = long ? Number(chunks.readBigUInt64BE(place)) : chunks.readUInt32BE(place)
      }
      left--
      at += bytes
      return at - bytes
    },
    isAtEnd: () => left === 0 && chunk === chunkCount,
  }
}
