/** What can be seen of a queue, in one form for Redis and for the model, so that the two can be compared. @module */
import type { Redis } from 'ioredis'
import { GROUP, LANES, type Keys } from '../../../runtime/queue/keys.ts'
import { parseFacts } from '../../../runtime/queue/run-record.ts'
import { idleOf, setOf, streamName, type Model, type ModelRun } from './state.ts'
import { verdictsOf } from '../../helpers/debts.ts'
import { CONSUMERS, FUNCTIONS, JOBS, OBJECTS, RUNS, TURN_SLOTS } from './universe.ts'

export interface RunView extends Omit<ModelRun, 'epoch' | 'due' | 'entry' | 'id'> {
  readonly epoch: number
  readonly due: number
  readonly hasEntry: boolean
}

export interface View {
  readonly inbox: readonly string[]
  readonly bad: number
  readonly runs: Readonly<Record<string, RunView>>
  /** Each entry's run, `?` behind one that its run does not know, and `@` and the consumer it was delivered to. */
  readonly streams: Readonly<Record<string, readonly string[]>>
  readonly letters: Readonly<Record<string, readonly string[]>>
  readonly delay: Readonly<Record<string, number>>
  readonly ended: Readonly<Record<string, number>>
  readonly known: readonly string[]
  readonly verdicts: readonly string[]
  /** All but the verdicts. */
  readonly debts: readonly string[]
  readonly open: Readonly<Record<string, readonly string[]>>
  readonly marked: Readonly<Record<string, readonly string[]>>
  readonly failed: Readonly<Record<string, readonly string[]>>
  readonly announced: Readonly<Record<string, number>>
  readonly jobs: Readonly<Record<string, unknown>>
  readonly turns: Readonly<Record<string, readonly string[]>>
  readonly ready: readonly string[]
  /** Of each function the workers that wait, and how busy each was. */
  readonly idle: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly waits: Readonly<Record<string, string>>
  readonly holder: string
  readonly resting: readonly string[]
}

type Hash = Readonly<Record<string, string>>
type Entry = readonly [id: string, fields: readonly string[]]

/** Also the clock when it was read. */
export async function viewOf(redis: Redis, keys: Keys): Promise<{ view: View; nowMs: number }> {
  const pipeline = redis.pipeline()
  const asked: string[] = []
  const ask = (name: string, command: string, ...args: (string | number)[]) => {
    pipeline.call(command, ...args)
    asked.push(name)
  }
  ask('time', 'TIME')
  ask('inbox', 'LRANGE', keys.inbox, 0, -1)
  ask('bad', 'XLEN', keys.bad)
  ask('known', 'ZRANGE', keys.runs, 0, -1)
  for (const name of ['delay', 'ended', 'debts'] as const)
    ask(name, 'ZRANGE', keys[name], 0, -1, 'WITHSCORES')
  ask('ready', 'SMEMBERS', `${keys.prefix}ready`)
  for (const fn of FUNCTIONS) ask(`idle ${fn}`, 'ZRANGE', `${keys.prefix}idle:${fn}`, 0, -1, 'WITHSCORES')
  for (const consumer of CONSUMERS) ask(`waits ${consumer}`, 'GET', `${keys.prefix}waits:${consumer}`)
  ask('holder', 'GET', `${keys.prefix}solo`)
  for (const consumer of CONSUMERS) ask(`rest ${consumer}`, 'EXISTS', `${keys.prefix}solo:rest:${consumer}`)
  for (const run of RUNS) {
    ask(`run ${run}`, 'HGETALL', keys.run(run))
    ask(`tries ${run}`, 'LRANGE', keys.tries(run), 0, -1)
  }
  for (const fn of FUNCTIONS) {
    ask(`dead ${fn}`, 'XRANGE', keys.dead(fn), '-', '+')
    for (const lane of LANES) {
      ask(`stream ${fn}/${lane}`, 'XRANGE', keys.stream(fn, lane), '-', '+')
      ask(`pending ${fn}/${lane}`, 'XPENDING', keys.stream(fn, lane), GROUP, '-', '+', 1_000)
    }
  }
  for (const object of OBJECTS) {
    ask(`open ${object}`, 'SMEMBERS', keys.open(object))
    ask(`marked ${object}`, 'SMEMBERS', keys.marked(object))
    ask(`failed ${object}`, 'SMEMBERS', keys.failed(object))
    ask(`events ${object}`, 'LLEN', keys.events(object))
  }
  for (const job of JOBS) ask(`job ${job}`, 'HGETALL', `${keys.prefix}job:${job}`)
  for (const slot of TURN_SLOTS) ask(`turn ${slot}`, 'LRANGE', `${keys.prefix}turn:${slot}`, 0, -1)
  const replies = (await pipeline.exec()) ?? []
  const found = new Map<string, unknown>()
  replies.forEach(([error, reply], at) => {
    // A stream without its group: nothing was ever claimed of it.
    if (error && !error.message.startsWith('NOGROUP')) throw error
    found.set(asked[at] as string, error ? [] : reply)
  })
  const [seconds = 0, micros = 0] = (found.get('time') as string[]).map(Number)
  return { view: toView(found), nowMs: seconds * 1_000 + Math.floor(micros / 1_000) }
}

function toView(found: ReadonlyMap<string, unknown>): View {
  const sorted = (name: string) => (found.get(name) as string[]).toSorted()
  const each = <T>(names: readonly string[], make: (name: string) => T) =>
    Object.fromEntries(names.map((name) => [name, make(name)]))
  const lanes = FUNCTIONS.flatMap((fn) => LANES.map((lane) => streamName(fn, lane)))
  const letters = new Map<string, ReadonlyMap<string, unknown>>(
    FUNCTIONS.map((fn) => [fn, new Map(found.get(`dead ${fn}`) as Entry[])]),
  )
  const debts = Object.keys(scores(found.get('debts'))).toSorted()
  const hashes = new Map(RUNS.map((run) => [run, hashOf(found.get(`run ${run}`))]))
  return {
    inbox: found.get('inbox') as string[],
    bad: found.get('bad') as number,
    known: sorted('known'),
    delay: scores(found.get('delay')),
    ended: scores(found.get('ended')),
    debts: debts.filter((text) => verdictsOf([text]).length === 0),
    verdicts: verdictsOf(debts).toSorted(),
    ready: sorted('ready'),
    idle: each(FUNCTIONS, (fn) => scores(found.get(`idle ${fn}`))),
    waits: each(CONSUMERS, (consumer) => (found.get(`waits ${consumer}`) as string | null) ?? ''),
    holder: (found.get('holder') as string | null) ?? '',
    resting: CONSUMERS.filter((consumer) => found.get(`rest ${consumer}`) === 1),
    runs: Object.fromEntries(
      [...hashes].flatMap(([run, hash]) => {
        if (Object.keys(hash).length === 0) return []
        const hasLetter = letters.get(hash['fn'] ?? '')?.has(hash['letter'] ?? '') === true
        return [[run, runView(hash, hasLetter, found.get(`tries ${run}`) as string[])]]
      }),
    ),
    streams: each(lanes, (name) => {
      const pending = new Map(found.get(`pending ${name}`) as [string, string][])
      return (found.get(`stream ${name}`) as Entry[]).map(([id, [, run = '']]) => {
        const isOwn = hashes.get(run)?.['entry'] === id
        return entryText(run, isOwn, pending.get(id))
      })
    }),
    letters: each(FUNCTIONS, (fn) =>
      (found.get(`dead ${fn}`) as Entry[]).map(([, [, run = '']]) => run).toSorted(),
    ),
    open: each(OBJECTS, (object) => sorted(`open ${object}`)),
    marked: each(OBJECTS, (object) => sorted(`marked ${object}`)),
    failed: each(OBJECTS, (object) => sorted(`failed ${object}`)),
    announced: each(OBJECTS, (object) => found.get(`events ${object}`) as number),
    jobs: each(JOBS, (job) => jobView(hashOf(found.get(`job ${job}`)))),
    turns: each(TURN_SLOTS, (slot) => found.get(`turn ${slot}`) as string[]),
  }
}

function runView(hash: Hash, hasLetter: boolean, tries: readonly string[]): RunView {
  const text = (name: string) => hash[name] ?? ''
  const facts = parseFacts(hash)
  if (!facts) throw new Error(`a run without a state: ${JSON.stringify(hash)}`)
  const {
    state,
    lane,
    token,
    trigger,
    isCancelAsked,
    fence,
    attempts,
    crashes,
    losses,
    epoch,
    copies,
    dups,
  } = facts
  return {
    fn: text('fn'),
    object: text('object'),
    generation: text('generation'),
    state,
    lane,
    token,
    worker: text('worker'),
    event: text('event'),
    trigger,
    asked: text('asked'),
    hint: facts.hint ?? '',
    reason: text('reason'),
    isCancelAsked,
    fence,
    attempts,
    crashes,
    losses,
    epoch,
    due: facts.dueAtMs ?? 0,
    copies,
    dups,
    hasLetter,
    hasEntry: text('entry') !== '',
    tries: tries.map((text) => String((JSON.parse(text) as unknown[])[0])),
  }
}

export function viewOfModel(model: Model): View {
  const streams = Object.fromEntries(
    FUNCTIONS.flatMap((fn) =>
      LANES.map((lane) => {
        const name = streamName(fn, lane)
        const entries = model.streams.get(name) ?? []
        return [
          name,
          entries.map(({ id, run, consumer }) => entryText(run, model.runs.get(run)?.entry === id, consumer)),
        ]
      }),
    ),
  )
  const each = <T>(names: readonly string[], make: (name: string) => T) =>
    Object.fromEntries(names.map((name) => [name, make(name)]))
  const times = (moments: Model['delay']) =>
    Object.fromEntries([...moments].map(([name, { minMs }]) => [name, minMs]))
  return {
    inbox: model.inbox,
    bad: model.bad,
    known: [...model.runs.keys()].toSorted(),
    delay: times(model.delay),
    ended: times(model.ended),
    debts: [...model.debts].toSorted(),
    verdicts: [...model.verdicts].toSorted(),
    ready: [...model.ready].toSorted(),
    idle: each(FUNCTIONS, (fn) => Object.fromEntries(idleOf(model, fn))),
    waits: each(CONSUMERS, (consumer) => {
      const known = model.waits.get(consumer)
      return known ? [known.busy, ...known.functions, ''].join(',') : ''
    }),
    holder: model.holder ?? '',
    resting: [...model.resting].toSorted(),
    runs: Object.fromEntries(
      [...model.runs.values()].map(({ id, entry, epoch, due, ...run }) => [
        id,
        { ...run, epoch: epoch.minMs, due: run.state === 'retrying' ? due.minMs : 0, hasEntry: entry > 0 },
      ]),
    ),
    streams,
    letters: each(FUNCTIONS, (fn) =>
      [...model.runs.values()].flatMap((run) => (run.fn === fn && run.hasLetter ? [run.id] : [])).toSorted(),
    ),
    open: each(OBJECTS, (object) => [...setOf(model.open, object)].toSorted()),
    marked: each(OBJECTS, (object) => [...setOf(model.marked, object)].toSorted()),
    failed: each(OBJECTS, (object) => [...setOf(model.failed, object)].toSorted()),
    announced: each(OBJECTS, (object) => model.announced.get(object) ?? 0),
    jobs: each(JOBS, (job) => model.jobs.get(job) ?? null),
    turns: each(TURN_SLOTS, (slot) => {
      const last = model.turns.get(slot)
      return last ? [last.token, ...last.runs] : []
    }),
  }
}

/** Of what the model knows only roughly it learns the exact value, where that is possible at all. */
export function learnTimes(model: Model, view: View): void {
  const learn = (moments: Model['delay'], exact: Readonly<Record<string, number>>) => {
    for (const [name, { minMs, maxMs }] of moments) {
      const at = exact[name]
      if (at !== undefined && minMs <= at && at <= maxMs) moments.set(name, { minMs: at, maxMs: at })
    }
  }
  learn(model.delay, view.delay)
  learn(model.ended, view.ended)
  for (const run of model.runs.values()) {
    for (const name of ['epoch', 'due'] as const) {
      const at = view.runs[run.id]?.[name] ?? NaN
      if (run[name].minMs <= at && at <= run[name].maxMs) run[name] = { minMs: at, maxMs: at }
    }
  }
}

function entryText(run: string, isOwn: boolean, consumer: string | undefined): string {
  return `${run}${isOwn ? '' : '?'}${consumer === undefined ? '' : `@${consumer}`}`
}

function jobView(hash: Hash): unknown {
  if (!hash['status']) return null
  const { status, position, handedOut, passedOver } = hash
  return {
    status,
    position: Number(position),
    handedOut: Number(handedOut),
    passedOver: Number(passedOver),
  }
}

/** RESP3 gives sorted sets as pairs, RESP2 as a flat row. */
function scores(reply: unknown): Record<string, number> {
  const flat = (reply as unknown[]).flat() as string[]
  const found: Record<string, number> = {}
  for (let at = 0; at < flat.length; at += 2) found[flat[at] as string] = Number(flat[at + 1])
  return found
}

function hashOf(reply: unknown): Hash {
  if (!Array.isArray(reply)) return reply instanceof Map ? Object.fromEntries(reply) : (reply as Hash)
  const found: Record<string, string> = {}
  for (let at = 0; at < reply.length; at += 2) found[reply[at] as string] = reply[at + 1] as string
  return found
}
