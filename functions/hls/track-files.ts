/** A track's bytes as they come -> files of its segments, each sent as soon as it is complete. @module */
import { open, readFile, unlink, writeFile, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { appendFile } from 'node:fs/promises'
import type { OutputFile } from '../../runtime/index.ts'
import { toMicros } from '../media/seconds.ts'
import type { IsCut } from './cut/cuts.ts'
import { createSegmenter, type KeyPicture, type Segment, type SegmentedTrack } from './cut/segmenter.ts'
import { createTransportSegmenter } from './transport/segmenter.ts'

/** A segment in a playlist, without its bytes. */
export interface ListedSegment extends Pick<Segment, 'startTicks' | 'endTicks' | 'startSeconds' | 'seconds'> {
  /** Below the track's folder: `seg-00000.m4s`, or `.ts`. */
  readonly name: string
  readonly sizeBytes: number
  readonly keyPictures: readonly KeyPicture[]
}

export interface MadeTrack extends SegmentedTrack {
  /** Its folder. */
  readonly name: string
  readonly segments: readonly ListedSegment[]
}

export interface TrackOptions {
  readonly name: string
  readonly kind: 'video' | 'audio'
  /** Picture and sound in one transport stream, instead of one track in fragmented MP4. */
  readonly isTransport: boolean
  readonly isCut: IsCut
  readonly splinterSeconds: number
  readonly scratch: string
  /** Sends a finished file; returns when there is room for another. */
  readonly send: (file: OutputFile) => Promise<void>
}

export interface TrackFiles {
  /** The next bytes of the track; they are free once they are taken. A promise only where there is something to wait for. */
  take(this: void, bytes: Buffer): void | Promise<void>
  end(): Promise<MadeTrack>
  /** Leaves an unfinished file, after a failure: nothing stays open, whatever is still being taken. */
  drop(): Promise<void>
}

/** Written at once, from one buffer for each track: what a track is taken from may be read again. */
const WRITE_BYTES = { video: 1024 ** 2, audio: 256 * 1024 }

type Step =
  | { readonly write: Buffer; readonly part: number }
  | { readonly init: Buffer }
  | { readonly segment: Segment }

export function createTrackFiles(options: TrackOptions): TrackFiles {
  const { name, kind, isTransport, isCut, splinterSeconds, scratch, send } = options
  const contentType = isTransport ? 'video/mp2t' : kind === 'video' ? 'video/mp4' : 'audio/mp4'
  const extension = isTransport ? 'ts' : 'm4s'
  const segments: ListedSegment[] = []
  const pathOf = (part: number) => join(scratch, `${name}-${part}.${extension}`)
  let steps: Step[] = []
  const common = {
    isCut,
    splinterSeconds,
    onBytes(part: number, write: Buffer) {
      // Mostly for the file that is open: there is nothing to wait for, and nothing to remember.
      const isFirst = steps.length === 0
      if (!(isFirst && file?.part === part && gathers(write))) steps.push({ write, part })
    },
    onSegment: (segment: Segment) => steps.push({ segment }),
  }
  const segmenter = isTransport
    ? createTransportSegmenter(common)
    : createSegmenter({ ...common, onInit: (init) => steps.push({ init }) })

  let isDropped = false
  let file: { readonly part: number; readonly handle: FileHandle } | undefined
  const gathered = Buffer.allocUnsafeSlow(WRITE_BYTES[kind])
  let gatheredBytes = 0
  const flush = async () => {
    const bytes = gathered.subarray(0, gatheredBytes)
    gatheredBytes = 0
    if (bytes.length > 0) await file?.handle.writeFile(bytes)
  }
  const closeFile = async () => {
    await flush()
    await file?.handle.close()
    file = undefined
  }
  /** Unless it is time to write: then the caller does. */
  const gathers = (bytes: Buffer): boolean => {
    if (gatheredBytes + bytes.length > gathered.length) return false
    gatheredBytes += bytes.copy(gathered, gatheredBytes)
    return true
  }
  const write = async (part: number, bytes: Buffer) => {
    if (file?.part !== part) {
      await closeFile()
      const handle = await open(pathOf(part), 'wx')
      if (isDropped) return handle.close()
      file = { part, handle }
    }
    if (gathers(bytes)) return
    await flush()
    if (!gathers(bytes)) await file.handle.writeFile(bytes)
  }
  const sendInit = async (init: Buffer) => {
    const path = join(scratch, `${name}-init.mp4`)
    await writeFile(path, init, { flag: 'wx' })
    await send({ path, name: `${name}/init.mp4`, role: 'init', contentType })
  }
  const sendSegment = async ({ parts, ...segment }: Segment) => {
    const [first = 0, ...rest] = parts
    // The last two are complete only at the end.
    if (file && parts.includes(file.part)) await closeFile()
    for (const part of rest) {
      await appendFile(pathOf(first), await readFile(pathOf(part)))
      await unlink(pathOf(part))
    }
    const index = segments.length
    const listed = { ...segment, name: `seg-${String(index).padStart(5, '0')}.${extension}` }
    segments.push(listed)
    await send({
      path: pathOf(first),
      name: `${name}/${listed.name}`,
      role: 'segment',
      contentType,
      group: name,
      chunk: {
        index,
        startSeconds: toMicros(segment.startSeconds),
        durationSeconds: toMicros(segment.seconds),
        independent: true,
      },
    })
  }
  const act = async () => {
    const due = steps
    steps = []
    for (const step of due) {
      if ('write' in step) await write(step.part, step.write)
      else if ('init' in step) await sendInit(step.init)
      else await sendSegment(step.segment)
    }
  }
  return {
    take(bytes) {
      segmenter.push(bytes)
      return steps.length === 0 ? undefined : act()
    },
    async end() {
      const track = segmenter.end()
      await act()
      await closeFile()
      return { ...track, name, segments }
    },
    async drop() {
      isDropped = true
      const left = file
      file = undefined
      await left?.handle.close()
    },
  }
}
