/** Samples as they come -> WAV files that are cut in silence, each finished before the next one is begun. @module */
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { createQuietFinder, cutOf, type Cut, type Quiet } from './silence.ts'
import { SAMPLE_BYTES, SAMPLE_RATE } from './samples.ts'
import { WAV_HEADER_BYTES, wavHeader } from './wav.ts'

export interface SpeechPiece {
  readonly index: number
  /** A finished file. */
  readonly path: string
  /** Of the whole sound. */
  readonly startSample: number
  readonly samples: number
  readonly cutIn: Cut['reason']
}

export interface PiecesOptions {
  readonly scratch: string
  /** No piece has more. */
  readonly maxSamples: number
  readonly silenceDb: number
  readonly silenceSeconds: number
  /** Takes each finished piece; the sound waits meanwhile. */
  readonly onPiece: (piece: SpeechPiece) => Promise<void>
}

export interface Pieces {
  add(samples: Int16Array): Promise<void>
  /** After the last sample. */
  finish(): Promise<void>
  /** Leaves an unfinished piece, after a failure. */
  drop(): Promise<void>
  readonly totalSamples: () => number
  readonly quiets: readonly Quiet[]
}

const COPY_BYTES = 256 * 1024

export function createPieces(options: PiecesOptions): Pieces {
  const { scratch, maxSamples, silenceDb, silenceSeconds, onPiece } = options
  const finder = createQuietFinder({
    sampleRate: SAMPLE_RATE,
    thresholdDb: silenceDb,
    minSeconds: silenceSeconds,
  })
  // A piece may be shorter than the silence that is asked for.
  const margin = Math.floor(Math.min(silenceSeconds * SAMPLE_RATE, maxSamples) / 2)
  let [index, start, position] = [0, 0, 0]
  let file: FileHandle | undefined
  const pathOf = (number: number) => join(scratch, `speech-${String(number).padStart(5, '0')}.wav`)
  const begin = async (number: number) => {
    const handle = await open(pathOf(number), 'w+')
    await handle.write(wavHeader(0, SAMPLE_RATE))
    return handle
  }
  /** The samples after the cut go into the next file. */
  const end = async ({ at, reason }: Cut) => {
    const ended = file ?? (await begin(index))
    const samples = at - start
    const endByte = WAV_HEADER_BYTES + samples * SAMPLE_BYTES
    const next = at < position ? await begin(index + 1) : undefined
    for (let from = endByte; next;) {
      const { bytesRead, buffer } = await ended.read(Buffer.alloc(COPY_BYTES), 0, COPY_BYTES, from)
      if (bytesRead === 0) break
      await writeAll(next, buffer.subarray(0, bytesRead), WAV_HEADER_BYTES + from - endByte)
      from += bytesRead
    }
    await ended.truncate(endByte)
    await writeAll(ended, wavHeader(samples, SAMPLE_RATE), 0)
    await ended.close()
    const piece = { index, path: pathOf(index), startSample: start, samples, cutIn: reason }
    file = next
    start = at
    index++
    await onPiece(piece)
  }
  return {
    quiets: finder.quiets,
    drop: async () => file?.close(),
    totalSamples: () => position,
    async add(samples) {
      for (let taken = 0; taken < samples.length;) {
        const limit = start + maxSamples
        if (position === limit) await end(cutOf({ start, limit, margin }, finder.quiets, finder.current()))
        const some = samples.subarray(taken, taken + start + maxSamples - position)
        file ??= await begin(index)
        const bytes = Buffer.from(some.buffer, some.byteOffset, some.byteLength)
        await writeAll(file, bytes, WAV_HEADER_BYTES + (position - start) * SAMPLE_BYTES)
        finder.add(some)
        position += some.length
        taken += some.length
      }
    },
    async finish() {
      finder.finish()
      if (position > start) await end({ at: position, reason: 'end' })
    },
  }
}

async function writeAll(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let written = 0; written < bytes.length;)
    written += (await file.write(bytes, written, bytes.length - written, at + written)).bytesWritten
}
