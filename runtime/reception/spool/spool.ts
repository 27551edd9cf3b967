/**
 * The room that pieces have on disk until the bucket has them: a limit for all streams together, a quarter of it for one, and
 * none where the disk has less than 5 % left. Senders that can wait are held until there is room.
 * @module
 */
import { statfs } from 'node:fs/promises'
import type { LossReason } from '../piece.ts'

const PART_OF_ONE_STREAM = 1 / 4
const LEAST_FREE_PART = 0.05

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
}

export interface SpoolOptions {
  readonly dir: string
  readonly limitBytes: number
  /** The free part of the disk, 0 to 1. @defaultValue that of `dir` */
  readonly freePart?: (dir: string) => Promise<number>
}

export function createSpool({ dir, limitBytes, freePart = freePartOf }: SpoolOptions): Spool {
  const used = new Map<string, number>()
  const waiting = new Set<() => void>()
  let usedBytes = 0
  let isDiskFull = false

  const shortage: Spool['shortage'] = (session) => {
    if (isDiskFull) return 'disk-full'
    const isOver = (used.get(session) ?? 0) > limitBytes * PART_OF_ONE_STREAM || usedBytes > limitBytes
    return isOver ? 'spool-full' : undefined
  }
  const wake = () => {
    for (const look of waiting) look()
  }

  return {
    dir,
    limitBytes,
    get usedBytes() {
      return usedBytes
    },
    count(session, bytes) {
      const now = (used.get(session) ?? 0) + bytes
      if (now > 0) used.set(session, now)
      else used.delete(session)
      usedBytes += bytes
      if (bytes < 0) wake()
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
    async lookAtDisk() {
      isDiskFull = (await freePart(dir)) < LEAST_FREE_PART
      if (!isDiskFull) wake()
    },
  }
}

async function freePartOf(dir: string): Promise<number> {
  const { bavail, blocks } = await statfs(dir)
  return blocks === 0 ? 1 : bavail / blocks
}
