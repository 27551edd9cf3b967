/**
 * Makes Redis know where verdicts are (`queue/verdict-places.ts`). A Redis that was emptied, restarted, or took over from another
 * knows nothing of it until the bucket was read once more; until then every commit looks for itself.
 * @module
 */
import { randomUUID } from 'node:crypto'
import type { FunctionDefinition } from '../function/definition.ts'
import { VERDICT } from '../output/layout.ts'
import { holdLock, releaseLock } from '../queue/lock.ts'
import type { Queue } from '../queue/queue.ts'
import type { Redis } from '../queue/redis.ts'
import { METADATA_BUCKET } from '../storage/names.ts'
import type { Storage } from '../storage/storage.ts'
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../time.ts'
import type { Chore } from './chores.ts'

/** How long it stays known when nobody keeps it. Processes of an older release that take over must not find it. */
const KNOWN_MS = 15 * SECOND_MS
/** How long others leave the reading to a process that has died in it. */
const READING_MS = 10 * SECOND_MS
const AT_ONCE = 500
/** Notes of verdicts that are gone, such as those of removed objects, are left until then. */
const READ_AGAIN_MS = DAY_MS
/** Longer than between a note and the write for which it was made. */
const WRITE_MS = 10 * MINUTE_MS

export interface VerdictPlacesParts {
  readonly redis: Redis
  readonly queue: Queue
  readonly storage: Storage
  readonly functions: readonly FunctionDefinition[]
  /** How long after the last reading. @defaultValue one day */
  readonly readAgainMs?: number
}

export function createVerdictPlacesChore(parts: VerdictPlacesParts): Chore {
  const { redis, queue, storage, readAgainMs = READ_AGAIN_MS } = parts
  let readAtMs = performance.now()
  const names = parts.functions.map(({ name }) => name)

  async function read(): Promise<void> {
    const [lock, owner] = [queue.keys.lock('verdict-places'), randomUUID()]
    const isMine = () => holdLock(redis, lock, owner, READING_MS)
    if (!(await isMine())) return
    readAtMs = performance.now()
    try {
      await readAll(owner, isMine)
    } finally {
      await releaseLock(redis, lock, owner)
    }
  }

  /** Notes the places of all verdicts in the bucket; a process that has lost the lock stops. */
  async function readAll(owner: string, isMine: () => Promise<boolean>): Promise<void> {
    const reading = await queue.beginReading(owner, KNOWN_MS, names)
    if (!reading) return
    const beganMs = await queue.nowMs()
    let places: { verdictBucket: string; verdictKey: string }[] = []
    let listed = 0
    for await (const { key } of storage.list(METADATA_BUCKET)) {
      if (++listed % AT_ONCE === 0 && !(await isMine())) return
      if (!key.endsWith(VERDICT)) continue
      places.push({ verdictBucket: METADATA_BUCKET, verdictKey: key })
      if (places.length < AT_ONCE) continue
      await queue.noteVerdicts(places)
      places = []
    }
    await queue.noteVerdicts(places)
    const isWhole = await queue.endReading(reading, KNOWN_MS, names)
    if (isWhole) await queue.forgetVerdicts(beganMs - WRITE_MS)
  }

  return {
    name: 'verdict places',
    everyMs: KNOWN_MS / 5,
    async run() {
      const isOld = performance.now() - readAtMs >= readAgainMs
      if (isOld || !(await queue.keepVerdictsKnown(KNOWN_MS, names))) await read()
    },
  }
}
