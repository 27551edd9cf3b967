/** Jobs on a real Redis that loses some replies: each item is added to the queue exactly once. */
import { randomUUID } from 'node:crypto'
import { beforeEach, expect, it } from 'vitest'
import { createJobStore } from '../../runtime/queue/jobs.ts'
import { createJobRunner } from '../../runtime/api/jobs/runner.ts'
import { createLogger } from '../../runtime/telemetry/logger.ts'
import { createQueue, type Queue } from '../../runtime/queue/queue.ts'
import { FN, newRunOf, NOTHING, useLossyRedis } from '../helpers/queue.ts'
import { waitFor } from '../helpers/wait.ts'

const log = createLogger({ level: 'silent', format: 'json' })
const lossy = useLossyRedis()
const used = {} as { queue: Queue }
beforeEach(() => {
  used.queue = createQueue(lossy.redis, `test-${randomUUID().slice(0, 8)}`)
})

const COUNT = 1_200
const items = Array.from({ length: COUNT }, (_, index) => {
  const { runId, functionName, objectId, payload } = newRunOf(`run-${index}`)
  return { runId, functionName, objectId, payload }
})

/** The queue, losing the reply to the `nth` call of one of its commands. */
function losing(command: 'fillJob' | 'beginJob' | 'rerun' | 'cancelRuns', nth: number): Queue {
  let calls = 0
  const original = used.queue[command] as (...args: unknown[]) => Promise<unknown>
  const losingOne = (...args: unknown[]) => {
    if (++calls === nth) lossy.proxy.loseReplies(1)
    return original(...args)
  }
  return { ...used.queue, [command]: losingOne }
}

it.each([
  ['fillJob', 1],
  ['fillJob', 2],
  ['fillJob', 3],
  ['beginJob', 1],
  ['rerun', 1],
  ['rerun', 7],
] as const)('adds every item once when the reply to %s number %i is lost', async (command, nth) => {
  const queue = losing(command, nth)
  const jobs = createJobStore(lossy.redis, queue, 60_000)
  const before = lossy.proxy.lost
  const { id } = await jobs.create({ kind: 'reprocess', isForced: false, request: { prefix: '' }, items })
  const job = await ended(queue, jobs, id)
  expect(job).toMatchObject({ status: 'done', total: COUNT, handedOut: COUNT, passedOver: 0 })
  expect(await lossy.redis.xlen(queue.keys.stream(FN, 'low'))).toBe(COUNT)
  expect(lossy.proxy.lost).toBe(before + 1)
})

it('cancels the waiting runs of a job, but neither running ones nor those an upload has asked for since', async () => {
  const { queue } = used
  const jobs = createJobStore(lossy.redis, queue, 60_000)
  const few = items.slice(0, 3)
  const { id } = await jobs.create({ kind: 'reprocess', isForced: false, request: {}, items: few })
  await queue.rerun({ step: { job: id, position: 0 }, trigger: 'reprocess', isForced: false, items: few })
  await queue.admit({ ...NOTHING, runs: [newRunOf('run-1')] })
  const wants = [{ functionName: FN, free: 1, lowFirst: 1 }]
  await queue.turn({ consumer: 'w', token: 't', inFlight: 0, settlements: [], wants })
  expect(
    await queue.withdraw(
      id,
      few.map(({ runId }) => runId),
    ),
  ).toBe(1)
  const states = await Promise.all(few.map(async ({ runId }) => (await queue.run(runId))?.state))
  expect(states).toEqual(['running', 'queued', 'cancelled'])
  expect(await queue.run('run-1')).toMatchObject({ trigger: 'upload', lane: 'live' })
})

it('cancels each run of a job once when the reply is lost, but none that was run again since it was selected', async () => {
  const queue = losing('cancelRuns', 1)
  const jobs = createJobStore(lossy.redis, queue, 60_000)
  await queue.admit({ ...NOTHING, runs: ['a', 'b', 'c', 'd'].map((runId) => newRunOf(runId)) })
  const wants = [{ functionName: FN, free: 1, lowFirst: 1 }]
  await queue.turn({ consumer: 'w', token: 't', inFlight: 0, settlements: [], wants })
  const selected = ['a', 'b', 'c', 'unknown'].map((runId) => ({ runId, seenEpoch: '0' }))
  await queue.rerun({ trigger: 'reprocess', isForced: true, items: [{ runId: 'c' }] })
  const { id } = await jobs.create({ kind: 'cancel', isForced: false, request: {}, items: selected })
  const job = await ended(queue, jobs, id)
  expect(job).toMatchObject({ status: 'done', total: 4, handedOut: 2, passedOver: 2 })
  const states = await Promise.all(['a', 'b', 'c', 'd'].map(async (run) => (await queue.run(run))?.state))
  expect(states).toEqual(['running', 'cancelled', 'queued', 'queued'])
})

it('starts a job once, and adds nothing to one that has ended', async () => {
  const facts = { kind: 'redrive', isForced: false, total: 0, request: '{}' } as const
  await used.queue.beginJob('j', facts)
  expect(await used.queue.endJob('j', 'done', 60_000)).toBe(true)
  await used.queue.beginJob('j', facts)
  const jobs = createJobStore(lossy.redis, used.queue, 60_000)
  expect(await jobs.get('j')).toMatchObject({ status: 'done' })
  expect(await used.queue.endJob('j', 'cancelled', 60_000)).toBe(false)
})

/** A job, when a runner has brought it to its end. */
async function ended(
  queue: Parameters<typeof createJobRunner>[0]['queue'],
  jobs: ReturnType<typeof createJobStore>,
  id: string,
) {
  const runner = createJobRunner({ queue, jobs, log })
  await runner.takeUp()
  const job = await waitFor(
    async () => {
      const now = await jobs.get(id)
      return now?.status !== 'running' && now
    },
    { timeoutMs: 20_000, what: 'the job' },
  )
  await runner.stop()
  return job
}
