/**
 * The room that pieces have on disk until the bucket has them: a limit for all streams together, a quarter of it for one, and
 * none where the disk has less than 5 % left. Senders that can wait are held until there is room.
 * @module
 */
import { statfs } from 'node:fs/promises'
import type { LossReason } from '../piece.ts'

const PART_OF_ONE_STREAM = 1 / 4
const LEAST_FREE_PART = 0.05
/** At most so many bytes are written for one that was received: sound of few bits in MPEG-TS. */
const WRITTEN_FOR_RECEIVED = 2

export interface Disk {
  readonly freeBytes: number
  readonly sizeBytes: number
}

export interface Spool {
  readonly dir: string
  readonly limitBytes: number
  readonly usedBytes: number
  /** Adds bytes to the account of a session, or takes them off. */
  count(session: string, bytes: number): void
  usedBy(session: string): number
  /** The reason why this session has to free room; undefined while there is some. */
  shortage(session: string): Extract<LossReason, 'spool-full' | 'disk-full'> | undefined
  /** Resolves when {@link shortage} is over, or `signal` is aborted. */
  room(session: string, signal: AbortSignal): Promise<void>
  /** To be called every second. */
  lookAtDisk(): Promise<void>
  /** So much was received and is about to be written. Looks at the disk when that may fill it: a second is long for a fast sender. */
  expect(bytes: number): Promise<void>
}

export interface SpoolOptions {
  readonly dir: string
  readonly limitBytes: number
  /** @defaultValue that of `dir` */
  readonly disk?: (dir: string) => Promise<Disk>
}

export function createSpool({ dir, limitBytes, disk = diskOf }: SpoolOptions): Spool {
  const used = new Map<string, number>()
  const waiting = new Set<() => void>()
  let usedBytes = 0
  let isDiskFull = false
  /** That may be written before the disk has to be looked at. */
  let leftBytes = 0

  const shortage: Spool['shortage'] = (session) => {
    if (isDiskFull) return 'disk-full'
    const isOver = (used.get(session) ?? 0) > limitBytes * PART_OF_ONE_STREAM || usedBytes > limitBytes
    return isOver ? 'spool-full' : undefined
  }
  const wake = () => {
    for (const look of waiting) look()
  }
  async function lookAtDisk(): Promise<void> {
    const { freeBytes, sizeBytes } = await disk(dir)
    leftBytes = freeBytes - sizeBytes * LEAST_FREE_PART
    isDiskFull = leftBytes < 0
    if (!isDiskFull) wake()
  }

  return {
    dir,
    limitBytes,
    get usedBytes() {
      return usedBytes
    },
    count(session, bytes) {
      const before = used.get(session) ?? 0
      // The last piece of a session whose account was closed may be acknowledged after that.
      const now = Math.max(0, before + bytes)
      if (now > 0) used.set(session, now)
      else used.delete(session)
      usedBytes += now - before
      if (bytes >= 0) return
      // Its file goes: nobody gives up more than the disk lacks, which the next look tells exactly.
      leftBytes -= bytes
      isDiskFull &&= leftBytes < 0
      wake()
    },
    usedBy: (session) => used.get(session) ?? 0,
    shortage,
    room: (session, signal) =>
      new Promise((resolve) => {
        const look = () => {
          if (!signal.aborted && shortage(session)) return
          waiting.delete(look)
          signal.removeEventListener('abort', look)
          resolve()
        }
        waiting.add(look)
        signal.addEventListener('abort', look)
        look()
      }),
    lookAtDisk,
    async expect(bytes) {
      leftBytes -= bytes * WRITTEN_FOR_RECEIVED
      // A disk that does not answer is reported by the look of each second.
      if (leftBytes < 0 && !isDiskFull) await lookAtDisk().catch(() => undefined)
    },
  }
}

async function diskOf(dir: string): Promise<Disk> {
  const { bavail, blocks, bsize } = await statfs(dir)
  return { freeBytes: bavail * bsize, sizeBytes: blocks * bsize }
}
