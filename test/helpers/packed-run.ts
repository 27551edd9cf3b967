/** Changes what a run's state in Redis says, as no script would. @module */
import type { Redis } from 'ioredis'
import type { Keys } from '../../runtime/queue/keys.ts'
import { parseFacts } from '../../runtime/queue/run-record.ts'

type Facts = NonNullable<ReturnType<typeof parseFacts>>

const STATES: Readonly<Record<Facts['state'], string>> = {
  queued: 'q',
  running: 'r',
  retrying: 'w',
  succeeded: 's',
  dead: 'd',
  cancelled: 'c',
  superseded: 'o',
  'source-gone': 'g',
}
const LANES: Readonly<Record<Facts['lane'], string>> = { live: 'l', low: 'b', solo: 's' }
const TRIGGERS: Readonly<Record<Facts['trigger'], string>> = {
  upload: 'u',
  sweep: 's',
  reprocess: 'p',
  redrive: 'd',
}

/** The text that `packed` of `scripts/prelude_run.lua` would write, without flags of texts. */
export function packFacts(facts: Facts): string {
  const { state, lane, trigger, createdAtMs, endedAtMs, dueAtMs, queuedAtMs, startedAtMs } = facts
  const hint = facts.hint === 'superseded' ? 'o' : facts.hint === 'source-gone' ? 'g' : ''
  const letters = `${STATES[state]}${LANES[lane]}${TRIGGERS[trigger]}${hint}${facts.isCancelAsked ? 'c' : ''}`
  const counts = [facts.attempts, facts.crashes, facts.losses, facts.copies, facts.dups, facts.epoch]
  const since = (atMs: number | undefined) => (atMs === undefined ? '' : atMs - createdAtMs)
  const times = [createdAtMs, since(queuedAtMs), since(startedAtMs), since(endedAtMs ?? dueAtMs)]
  return [letters, facts.fence, facts.token, ...counts.map((count) => count || ''), ...times].join(',')
}

/** What it says of the run now; undefined when there is none. */
export async function factsOf(redis: Redis, keys: Keys, runId: string): Promise<Facts | undefined> {
  return parseFacts(await redis.hgetall(keys.run(runId)))
}

/** Also when there was no such run: it then has nothing but its state. */
export async function changeFacts(
  redis: Redis,
  keys: Keys,
  runId: string,
  changes: Partial<Facts>,
): Promise<void> {
  const nothing: Facts = {
    state: 'queued',
    lane: 'live',
    trigger: 'upload',
    fence: 0,
    token: '',
    isCancelAsked: false,
    attempts: 0,
    crashes: 0,
    losses: 0,
    copies: 1,
    dups: 0,
    epoch: 0,
    createdAtMs: 0,
  }
  const before = await factsOf(redis, keys, runId)
  await redis.hset(keys.run(runId), 's', packFacts({ ...(before ?? nothing), ...changes }))
}
