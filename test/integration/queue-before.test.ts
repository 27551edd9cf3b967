/**
 * A Redis that the release before has filled: its queue brought one run into each state, then every key was written down as the
 * commands that make it again, beside the claims of that release's workers (`test/fixtures/redis-before`).
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { createHistory, type History } from '../../runtime/queue/history.ts'
import { createQueue, type NewRun, type Queue } from '../../runtime/queue/queue.ts'
import { parseRun, readRunFields } from '../../runtime/queue/run-record.ts'
import type { Claim } from '../../runtime/queue/run.ts'
import type { Settlement, TurnRequest } from '../../runtime/queue/turn.ts'
import { FN, NOTHING, useRedis } from '../helpers/queue.ts'

interface Fixture {
  readonly claims: readonly Claim[]
  readonly commands: readonly (readonly [string, ...string[]])[]
}

const BEFORE = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/redis-before/dc94bcc.json'), 'utf8'),
) as Fixture
const STATES = {
  succeeded: 'succeeded',
  dead: 'dead',
  superseded: 'superseded',
  retrying: 'retrying',
  running: 'running',
  'running-cancelled': 'running',
  'running-lost': 'running',
  'running-suspect': 'running',
  'running-again': 'running',
  waiting: 'queued',
  'waiting-cancelled': 'cancelled',
  'waiting-marked': 'queued',
  'waiting-low': 'queued',
  'waiting-lifted': 'queued',
} as const
type Name = keyof typeof STATES
const NAMES = Object.keys(STATES) as Name[]

const used = useRedis()
let queue: Queue
let history: History

beforeEach(async () => {
  await used.redis.flushall()
  for (const [command, ...args] of BEFORE.commands) await used.redis.call(command, ...args)
  queue = createQueue(used.redis, 'old')
  history = createHistory(used.redis, queue.keys)
})

const claimOf = (name: Name) => BEFORE.claims.find(({ runId }) => runId === name) as Claim
const stateOf = async (name: Name) => (await queue.run(name))?.state
let turns = 0
const turn = async (rest: Partial<TurnRequest>) =>
  queue.turn({ consumer: 'new', token: `turn-${++turns}`, inFlight: 0, settlements: [], wants: [], ...rest })
const claim = async (free: number, inFlight = 0) =>
  (await turn({ inFlight, wants: [{ functionName: FN, free, lowFirst: 0 }] })).claims

type Kind<T> = T extends unknown ? Omit<T, 'runId' | 'fence' | 'token'> : never
async function settle({ runId, fence, token }: Claim, rest: Kind<Settlement>): Promise<string | undefined> {
  const settlement = { runId, fence, token, ...rest } as Settlement
  return (await turn({ inFlight: 1, settlements: [settlement] })).settled[0]
}
const DONE = { kind: 'complete', result: '{"ok":true}' } as const
const FAILED = { kind: 'fail', error: 'boom', lines: '', delayMs: 60_000, maxAttempts: 5 } as const

const announced = (name: Name, rest: Partial<NewRun> = {}): NewRun => ({
  runId: name,
  functionName: FN,
  objectId: `object-of-${name}`,
  eventId: `event-of-${name}`,
  lane: 'live',
  trigger: 'upload',
  payload: { ...claimOf('succeeded').payload, key: `${name} é.mp4` },
  ...rest,
})

it('shows every run as it was, with its texts', async () => {
  const runs = await history.runs(NAMES)
  expect(Object.fromEntries(runs.map((run) => [run?.runId, run?.state]))).toEqual(STATES)
  for (const run of runs) expect(run?.payload.key).toBe(`${run?.runId} é.mp4`)
  const [retrying, running] = [await queue.run('retrying'), await queue.run('running')]
  expect(retrying).toMatchObject({ attempts: 1, lines: 'one\ntwo', dueAtMs: expect.any(Number) })
  expect(retrying!.error!.length).toBe(200)
  expect(running).toMatchObject({ worker: 'host:1:0123', progress: { percent: 12.5 }, fence: 1 })
  const listed = await history.list({
    filter: { function: FN, bucket: 'incoming', prefix: 'run' },
    limit: 100,
  })
  expect(listed.runs.map(({ runId }) => runId).toSorted()).toEqual(
    NAMES.filter((name) => name.startsWith('run')).toSorted(),
  )
  const letters = { functionNames: [FN], filter: { reason: 'permanent' }, limit: 10 }
  expect((await history.deadLetters(letters)).runs.map(({ runId }) => runId)).toEqual(['dead'])
  expect(await history.countRuns('01JOB', 2, 9)).toMatchObject({
    states: { queued: 1, dead: 1 },
    failed: ['dead'],
  })
  expect((await queue.running(FN)).map(({ key }) => key).toSorted()).toEqual(
    NAMES.filter((name) => name.startsWith('run'))
      .map((name) => `${name} é.mp4`)
      .toSorted(),
  )
  expect(await queue.hasUnfinished('object-of-waiting', 'v1')).toBe(true)
})

it('starts all that waits, once each, and it ends', async () => {
  await queue.promote(10)
  const claims = await claim(20, 1)
  expect(claims.map(({ runId }) => runId).toSorted()).toEqual([
    'retrying',
    'waiting',
    'waiting-lifted',
    'waiting-low',
    'waiting-marked',
  ])
  expect(claims.find(({ runId }) => runId === 'waiting-low')).toMatchObject({
    lane: 'low',
    trigger: 'sweep',
    payload: { key: 'waiting-low é.mp4', options: { seconds: 4 }, versionId: 'v1' },
  })
  expect(claims.find(({ runId }) => runId === 'retrying')).toMatchObject({ attempts: 1, fence: '2' })
  for (const each of claims) expect(await settle(each, DONE)).toBe('succeeded')
  expect(await claim(20, 1)).toEqual([])
  const fields = await readRunFields(used.redis, queue.keys, ['retrying'])
  expect(fields[0]).toMatchObject({ s: expect.stringMatching(/^s/), result: '{"ok":true}' })
  expect(Object.keys(fields[0]!)).not.toEqual(expect.arrayContaining(['state']))
  expect(parseRun('retrying', fields[0]!)).not.toHaveProperty('error')
})

describe('a worker of that release', () => {
  it('keeps what it is at work on, learns what was cancelled, and its ends count', async () => {
    const [running, again, cancelled] = (['running', 'running-again', 'running-cancelled'] as const).map(
      claimOf,
    )
    const beats = [running!, again!, cancelled!]
    expect(await queue.heartbeat('host:1:0123', beats)).toEqual(['ok', 'ok', 'cancelled'])
    expect(await queue.heartbeat('host:1:0123', [{ ...running!, token: 'another' }])).toEqual(['lost'])
    expect(await settle(running!, DONE)).toBe('succeeded')
    expect(await settle(again!, FAILED)).toBe('retrying')
    expect(await queue.run('running-again')).toMatchObject({ attempts: 2, error: 'boom' })
    expect(await settle(cancelled!, { kind: 'release', reason: 'drain', delayMs: 0 })).toBe('cancelled')
    expect((await history.tries('running-again')).map(({ worker }) => worker)).toEqual([
      'host:1:0123',
      'host:1:0123',
    ])
  })

  it('is answered again what became of an end that it sends twice', async () => {
    expect(await settle(claimOf('succeeded'), DONE)).toBe('succeeded')
    expect(await settle(claimOf('dead'), FAILED)).toBe('dead')
    expect(await settle({ ...claimOf('dead'), token: 'another' }, FAILED)).toBe('fenced')
    expect(await settle({ ...claimOf('dead'), fence: '2' }, FAILED)).toBe('fenced')
  })

  it('loses what it does not renew, and that is counted on', async () => {
    const { nowMs } = await queue.promote(0)
    const taken = await queue.reclaim({
      leaseMs: 0,
      maxCrashes: 3,
      heardAtMs: nowMs,
      heardWithinMs: 5_000,
      functionNames: [FN],
    })
    const became = Object.fromEntries(taken.map((each) => [each.runId, each.became]))
    expect(became).toEqual({
      running: 'requeued',
      'running-cancelled': 'cancelled',
      'running-lost': 'requeued',
      'running-suspect': 'requeued',
      'running-again': 'requeued',
    })
    expect(await queue.run('running-suspect')).toMatchObject({ lane: 'solo', crashes: 1 })
    expect(await queue.run('running-lost')).toMatchObject({ lane: 'live', losses: 1 })
    expect(await queue.heartbeat('host:1:0123', [claimOf('running')])).toEqual(['lost'])
    expect(await settle(claimOf('running'), DONE)).toBe('fenced')
  })
})

it('is found in order by a repair', async () => {
  expect(new Set(await queue.repair(NAMES))).toEqual(new Set(['ok']))
})

it('counts the second announcement as a copy, and the third as a duplicate', async () => {
  const runs = [announced('waiting'), announced('succeeded')]
  expect(await queue.admit({ ...NOTHING, runs })).toEqual(['copy', 'copy'])
  expect(await queue.admit({ ...NOTHING, runs })).toEqual(['duplicate', 'duplicate'])
  expect(await queue.run('succeeded')).toMatchObject({ state: 'succeeded', copies: 2, dups: 1 })
  expect(await queue.admit({ ...NOTHING, runs: [announced('waiting-lifted')] })).toEqual(['lifted'])
  expect((await claim(1)).map(({ runId, lane }) => [runId, lane])).toEqual([['waiting', 'live']])
})

it('is steered: cancelled, withdrawn, marked, run again, taken off the list, and forgotten', async () => {
  expect(await queue.cancel('waiting')).toBe('cancelled')
  expect(await queue.cancel('running')).toBe('running')
  const marks = [{ objectId: 'object-of-retrying', generation: 'v2', hint: 'superseded' }] as const
  await queue.admit({ ...NOTHING, marks })
  expect(await queue.run('retrying')).toMatchObject({ hint: 'superseded', state: 'retrying' })
  const rerun = (trigger: 'redrive' | 'reprocess', runId: Name) =>
    queue.rerun({ trigger, isForced: false, items: [{ runId }] })
  expect(await rerun('redrive', 'dead')).toEqual(['queued'])
  expect(await rerun('redrive', 'succeeded')).toEqual(['ended'])
  expect(await rerun('reprocess', 'succeeded')).toEqual(['queued'])
  expect(await queue.run('dead')).toMatchObject({
    state: 'queued',
    lane: 'low',
    trigger: 'redrive',
    attempts: 0,
  })
  expect(await used.redis.xlen(queue.keys.dead(FN))).toBe(0)
  const superseded = (await queue.run('superseded'))!
  await queue.verdictWritten(superseded)
  await queue.verdictWritten((await queue.run('waiting-cancelled'))!)
  expect(await queue.prune(0, 0, 10, 0)).toMatchObject({ forgotten: 2 })
  expect([await stateOf('superseded'), await stateOf('waiting-cancelled')]).toEqual([undefined, undefined])
})
