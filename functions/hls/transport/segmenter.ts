/**
 * A rendition as a transport stream, picture and sound together: bytes in, segments out, with the numbers that playlists give for
 * them. A segment begins with tables and a keyframe. Every time is read from the packets: FFmpeg's own list of pieces is off by
 * the delay of B-frames. Pure: bytes in, values out.
 * @module
 */
import {
  FlawError,
  joined,
  OpenGopError,
  type Segment,
  type Segmenter,
  type SegmenterOptions,
} from '../cut/segmenter.ts'
import { pictureCodec, soundCodec } from './codec.ts'
import { createTransportReader, type Unit } from './reader.ts'
import { PROGRAMS_PID, streamsOf, type StreamMap } from './tables.ts'

export const TICKS_PER_SECOND = 90_000
/** The tick of the source's 0: what begins a moment before it, such as AAC with its delay, must not be before the tick 0. */
export const START_TICKS = 10 * TICKS_PER_SECOND
/** Sound that lasts beyond the picture by less than this, at either end, is not counted: it is a packet or two. */
const BEYOND_TICKS = TICKS_PER_SECOND / 2
/** For a single one, whose length nothing tells. */
const USUAL_TICKS = TICKS_PER_SECOND / 25

/** The picture cannot be copied: a player could begin with the film's first keyframe only. */
export class UndescribedError extends Error {
  override readonly name = 'UndescribedError'
}

export function createTransportSegmenter(options: Omit<SegmenterOptions, 'onInit'>): Segmenter {
  const { isCut, splinterSeconds, onBytes, onSegment } = options
  const [pictures, sounds] = [createTimes(), createTimes()]
  let map: StreamMap | undefined
  /** Tables that belong to what comes next. */
  let tables: { readonly pid: number; readonly packet: Buffer }[] = []
  const lastTables = new Map<number, Buffer>()
  let mapPid = -1
  let keyAt: number | undefined
  let isBegun = false
  let open: { readonly part: number; readonly startsAt?: number; sizeBytes: number } | undefined
  let held: Segment | undefined
  let parts = 0
  const codecs: { picture?: string; sound?: string } = {}
  const at = (ticks: number) => (ticks - START_TICKS) / TICKS_PER_SECOND

  /** Of the whole: the picture's, unless the sound is there long before it. */
  const beginning = (): number =>
    sounds.first < pictures.first - BEYOND_TICKS || pictures.count === 0 ? sounds.first : pictures.first
  const ending = (): number => {
    const [shown, heard] = [pictures.end(), sounds.end()]
    return heard > shown + BEYOND_TICKS || pictures.count === 0 ? heard : shown
  }
  const write = (bytes: Buffer) => {
    open ??= { part: parts++, sizeBytes: 0 }
    const { part } = open
    const all = [...tables.map(({ packet }) => packet), bytes]
    tables = []
    for (const each of all) {
      open.sizeBytes += each.length
      onBytes(part, each)
    }
  }
  const closed = (endTicks: number): Segment => {
    const { part = 0, sizeBytes = 0, startsAt = beginning() } = open ?? {}
    return {
      parts: [part],
      sizeBytes,
      startTicks: startsAt,
      endTicks,
      startSeconds: at(startsAt),
      seconds: (endTicks - startsAt) / TICKS_PER_SECOND,
      keyPictures: [],
    }
  }
  const cut = (startsAt: number) => {
    if (held) onSegment(held)
    held = closed(startsAt)
    open = { part: parts++, startsAt, sizeBytes: 0 }
    // A packet that comes twice counts once, so the last tables may be repeated where FFmpeg has put none.
    const missing = [PROGRAMS_PID, mapPid].filter((pid) => !tables.some((table) => table.pid === pid))
    const repeated = missing.flatMap((pid) => {
      const packet = lastTables.get(pid)
      return packet ? [{ pid, packet }] : []
    })
    tables = [...repeated, ...tables]
  }
  const take = (unit: Unit): boolean => {
    if (!map) throw new FlawError('it has packets before its tables')
    const { pid, shownAt, isRandomAccess } = unit
    const isPicture = map.pictures.includes(pid)
    const isSound = map.sounds.some((sound) => sound.pid === pid)
    if (!isPicture && !isSound) throw new FlawError(`its map has no stream ${pid}`)
    const isFirst = (isPicture ? pictures : sounds).add(shownAt) === 1
    const isReference = isPicture ? isRandomAccess : map.pictures.length === 0
    if (isPicture) {
      if (!isRandomAccess && keyAt === undefined) throw new FlawError('it begins without a keyframe')
      if (keyAt !== undefined && shownAt < keyAt) throw new OpenGopError(at(keyAt))
      if (isRandomAccess) keyAt = shownAt
    }
    if (!isReference) return isFirst
    const isNew = isCut(at(shownAt), 'video') && isBegun
    if (isNew) cut(shownAt)
    isBegun = true
    return isFirst || (isNew && isPicture)
  }
  const reader = createTransportReader({
    onTable(pid, packet, pidOfMap) {
      // Kept beyond the bytes that they came with.
      const own = Buffer.from(packet)
      mapPid = pidOfMap
      lastTables.set(pid, own)
      tables.push({ pid, packet: own })
      if (pid === mapPid) map ??= streamsOf(own)
    },
    onUnit: take,
    onHead(unit, head) {
      if (map?.pictures.includes(unit.pid)) {
        const codec = pictureCodec(head)
        if (codec === undefined) throw new UndescribedError(at(unit.shownAt).toFixed(3))
        codecs.picture ??= codec
        return
      }
      const codec = soundCodec(map?.sounds[0]?.type ?? 0, head)
      if (codec === undefined) throw new FlawError('players have no name for the codec of its sound')
      codecs.sound = codec
    },
    onBytes: write,
  })

  return {
    push: (bytes) => reader.push(bytes),
    end() {
      const left = reader.end()
      if (left > 0) throw new FlawError(`it is cut off: ${left} bytes of a packet are left over`)
      if (!map || pictures.count + sounds.count === 0) throw new FlawError('it has no sample')
      if (map.pictures.length > 0 && pictures.count === 0) throw new FlawError('it has no picture')
      const final = closed(ending())
      if (held && final.seconds < splinterSeconds) onSegment(joined(held, final))
      else {
        if (held) onSegment(held)
        onSegment(final)
      }
      const hasPicture = pictures.count > 0
      return {
        kind: hasPicture ? 'video' : 'audio',
        ticksPerSecond: TICKS_PER_SECOND,
        codec: [codecs.picture, codecs.sound].filter((each) => each !== undefined).join(),
        edits: [],
        defaults: { ticks: 0, bytes: 0, flags: 0 },
        shiftTicks: START_TICKS,
        samples: hasPicture ? pictures.count : sounds.count,
        startSeconds: at(beginning()),
        endSeconds: at(ending()),
        ...(hasPicture && { pictureSeconds: (pictures.end() - pictures.first) / TICKS_PER_SECOND }),
        ...(hasPicture &&
          sounds.count > 0 && { soundSamples: sounds.count, soundEndSeconds: at(sounds.end()) }),
      }
    },
  }
}

/** When the units of one stream are shown. A transport stream has no lengths: the last lasts as long as the one before it. */
function createTimes() {
  let [count, first, last, beforeLast] = [0, Infinity, -Infinity, -Infinity]
  return {
    /** Its number. */
    add(ticks: number): number {
      first = Math.min(first, ticks)
      if (ticks > last) [beforeLast, last] = [last, ticks]
      else if (ticks < last) beforeLast = Math.max(beforeLast, ticks)
      return ++count
    },
    end: () => last + (Number.isFinite(beforeLast) ? last - beforeLast : USUAL_TICKS),
    get count() {
      return count
    },
    get first() {
      return first
    },
  }
}
