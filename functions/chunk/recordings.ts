/**
 * The recordings in one file that are copied one after the other: the links of a chained Ogg, or the file itself. Each link has
 * headers of its own, which no single stream of packets could have, so each is read as a file by itself.
 * @module
 */
import { PermanentError, type Source } from '../../runtime/index.ts'
import type { Mode } from '../media/container.ts'
import { inspect, type InspectOptions, type Inspection } from '../media/inspect.ts'
import { createLinkFinder, endOfOgg, firstSerials, TAIL_BYTES } from '../media/bytes/ogg-pages.ts'
import type { ByteRange } from '../ffmpeg/media-input.ts'

export interface Recording {
  readonly inspection: Inspection
  /** Its bytes alone. */
  readonly source: Pick<Source, 'bytes'>
  /** The number of its first segment: no file of another recording has the same name. */
  readonly firstSegment: number
  /** Prefix of messages about it. */
  readonly name: string
  /** Why the next one is not a recording: its headers are torn, and everything before is kept. */
  readonly brokenNext?: string
}

/** Each is described by a run of ffprobe. */
const MAX_LINKS = 1_000
/** More than one recording has chunks. */
const SEGMENTS_EACH = 100_000
const WINDOW_BYTES = 4 * 1024 ** 2

export interface RecordingsOptions extends InspectOptions {
  readonly mode: Mode
  readonly keepsGoodPart: boolean
  /** Of the whole file. */
  readonly inspection: Inspection
  /** A sign of life. */
  readonly onRead: () => void
}

/** @throws {PermanentError} when one of them is not accepted, or there are too many */
export async function recordingsOf(options: RecordingsOptions): Promise<readonly Recording[]> {
  const { mode, inspection, source, onRead } = options
  const links = mode === 'copy' && inspection.input.demuxer === 'ogg' ? await linksOf(options) : []
  if (links.length < 2) return [{ inspection, source, firstSegment: 0, name: '' }]
  const recordings: Recording[] = []
  for (const [place, range] of links.entries()) {
    const name = `recording ${place + 1} of ${links.length}: `
    const part = partOf(source, range)
    const { startByte, endByte } = range
    const own = { ...options, source: part, sizeBytes: endByte - startByte, range }
    const inspected = await inspect(own).catch((error: unknown) => named(name, error))
    if (inspected instanceof Error) {
      const last = recordings.pop()
      if (!last || !options.keepsGoodPart || !(inspected instanceof PermanentError)) throw inspected
      return [...recordings, { ...last, brokenNext: inspected.message }]
    }
    recordings.push({ inspection: inspected, source: part, firstSegment: place * SEGMENTS_EACH, name })
    onRead()
  }
  return recordings
}

/** None when the file ends with a stream with which it begins: then it is one link, and is not read. */
async function linksOf({ source, sizeBytes, onRead }: RecordingsOptions): Promise<readonly ByteRange[]> {
  const end = endOfOgg(await source.bytes(Math.max(0, sizeBytes - TAIL_BYTES), TAIL_BYTES))
  if (!end || firstSerials(await source.bytes(0, TAIL_BYTES)).includes(end.serial)) return []
  const finder = createLinkFinder()
  for (let at = 0; at < sizeBytes; at += WINDOW_BYTES) {
    finder.add(await source.bytes(at, WINDOW_BYTES))
    onRead()
    if (finder.count() > MAX_LINKS) {
      throw new PermanentError(
        `the file is more than ${MAX_LINKS} recordings joined, which is not accepted: split it first`,
      )
    }
  }
  return finder.end()
}

function partOf(source: InspectOptions['source'], { startByte, endByte }: ByteRange) {
  return {
    input: () => source.input(),
    bytes: (start: number, count: number) =>
      source.bytes(startByte + start, Math.max(0, Math.min(count, endByte - startByte - start))),
  }
}

/** Adds the name of the recording to an error. */
export function named(name: string, error: unknown): Error {
  return name !== '' && error instanceof PermanentError
    ? new PermanentError(name + error.message, { cause: error })
    : error instanceof Error
      ? error
      : new Error(String(error))
}
