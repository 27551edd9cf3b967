/** Readiness: the checks that `/readyz` reports. @module */
import { messageOf } from '../errors.ts'
import type { Inspection } from '../queue/inspection.ts'
import { GROUP } from '../queue/keys.ts'
import type { Queue } from '../queue/queue.ts'
import type { Storage } from '../storage/storage.ts'

export interface Check {
  readonly name: 'redis' | 'minio' | 'groups'
  readonly ok: boolean
  /** The failure and, where known, its remedy. */
  readonly detail?: string
}

const ANSWER_MS = 2_000

export interface HealthParts {
  /** On a connection whose commands fail at once when it is lost. */
  readonly redis: Inspection
  readonly queue: Queue
  readonly storage: Storage
  readonly buckets: readonly string[]
  readonly functionNames: readonly string[]
}

/** Runs every check; a failure is reported and never thrown. */
export function checkHealth({
  redis,
  queue,
  storage,
  buckets,
  functionNames,
}: HealthParts): Promise<Check[]> {
  const checks: [Check['name'], () => Promise<unknown>][] = [
    ['redis', () => redis.answer()],
    ['minio', () => storage.check(buckets, AbortSignal.timeout(ANSWER_MS))],
    ['groups', () => checkGroups(redis, queue, functionNames)],
  ]
  return Promise.all(
    checks.map(async ([name, run]) => {
      try {
        await within(ANSWER_MS, run())
        return { name, ok: true }
      } catch (error) {
        return { name, ok: false, detail: messageOf(error) }
      }
    }),
  )
}

async function checkGroups(redis: Inspection, queue: Queue, functionNames: readonly string[]): Promise<void> {
  for (const name of functionNames) {
    const key = queue.keys.stream(name, 'live')
    if (!(await redis.hasGroup(key))) throw new Error(`stream ${key} has no consumer group ${GROUP}`)
  }
}

function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer in ${ms} ms`)), ms)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
