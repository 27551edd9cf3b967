/** P5: a worker that was stopped in mid-attempt and wakes up late changes nothing, whatever has been done meanwhile. */
import { expect, it } from 'vitest'
import type { Job } from '../../runtime/api/jobs/model.ts'
import type { Step } from '../../runtime/telemetry/steps.ts'
import { createApiClient } from '../helpers/api.ts'
import { listed } from '../helpers/listed.ts'
import { waitFor } from '../helpers/wait.ts'
import { watchFault } from './faults.ts'
import { useStepStack } from './steps.ts'

const used = useStepStack()
const { ask } = createApiClient(() => used.stack)
const keyOf = (step: Step) => `steps/zombie-at-${step}.txt`

/** As it is now, to be compared: what readers see, and every version of it. */
async function resultOf(key: string) {
  const { folder, manifestKey } = used.place(key)
  const { storage } = used.stack
  return {
    manifest: await storage.readText('processed', manifestKey),
    pointer: await storage.readText('processed', `${folder}first.json`),
    versions: (await listed(storage.list('processed', { prefix: manifestKey, versions: true }))).length,
  }
}

async function reprocessed(key: string): Promise<void> {
  const request = { keys: [key], options: { mark: 'again' }, force: true }
  const { status } = await ask<Job>('POST', '/reprocess', request)
  expect(status).toBe(202)
  await waitFor(async () => (await used.runs.manifest('parts', key))?.options['mark'] === 'again', {
    timeoutMs: 30_000,
    what: `the result of reprocessing ${key}`,
  })
  await used.runs.reached(key, 'succeeded')
}

it.each<Step>(['handling', 'file-sent', 'handled', 'signed', 'manifest-sending', 'pointers-written'])(
  'an upload that was reprocessed with other options meanwhile keeps that result: asleep at %s',
  async (step) => {
    const key = keyOf(step)
    const sprung = used.set({ step, key, time: 1, signal: 'SIGSTOP' })
    await used.runs.put(key, key)
    const pid = await sprung()
    try {
      await reprocessed(key)
      const before = await resultOf(key)
      process.kill(pid, 'SIGCONT')
      await used.told(pid, 'settling', key)
      expect(await resultOf(key)).toEqual(before)
      const manifest = await used.manifest(key)
      await used.assertFiles(manifest)
      expect(manifest.epoch).toBeGreaterThan(0)
      expect(await used.runs.of(key)).toMatchObject([
        { state: 'succeeded', attempts: 0, crashes: 0, epoch: manifest.epoch },
      ])
    } finally {
      process.kill(pid, 'SIGCONT')
    }
  },
)

it('a newer upload of the key keeps its result too, and the sleeper’s upload is not done again', async () => {
  const key = 'steps/zombie-overwritten.txt'
  const told = await watchFault(used.stack, 'worker asleep')
  const sprung = used.set({ step: 'manifest-sending', key, time: 1, signal: 'SIGSTOP' })
  await used.runs.put(key, `old ${key}`)
  const pid = await sprung()
  try {
    await used.runs.put(key, key)
    await used.runs.reached(key, 'succeeded')
    const ended = await waitFor(
      async () => {
        const all = await used.runs.of(key)
        return all.every(({ endedAtMs }) => endedAtMs !== undefined) && all
      },
      { timeoutMs: 20_000, what: 'the older run to be taken from the sleeper and ended' },
    )
    expect(ended.map(({ state }) => state)).toEqual(['superseded', 'succeeded'])
    const before = await resultOf(key)
    process.kill(pid, 'SIGCONT')
    await used.told(pid, 'settling', key)
    expect(await resultOf(key)).toEqual(before)
    expect(await used.runs.of(key)).toEqual(ended)
    const manifest = await used.manifest(key)
    expect(manifest.run).toBe(ended[1]?.runId)
    await used.assertFiles(manifest)
  } finally {
    process.kill(pid, 'SIGCONT')
  }
  await told()
})

it('and in the end the janitor has taken what the sleepers left, and nothing else', async () => {
  const runs = await used.redis.keys('{sluice}:run:*')
  expect(runs).toHaveLength(8)
  const taken = await used.assertTidy([
    ...(['handling', 'file-sent', 'handled', 'signed', 'manifest-sending', 'pointers-written'] as const).map(
      keyOf,
    ),
    'steps/zombie-overwritten.txt',
  ])
  expect(taken).toBeGreaterThan(0)
})
