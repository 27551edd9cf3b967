/** `onDelete` and `afterSuccess`: what becomes of results when their source goes, and of sources when they are done with. */
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import { createKeys, objectIdOf, runIdOf } from '../../runtime/queue/keys.ts'
import { useStack } from '../helpers/runs.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useStack({ SLUICE_FUNCTIONS_FILE: join(import.meta.dirname, 'cleanup-functions.ts') })

const versions = async (bucket: string, prefix: string) => {
  const found = []
  for await (const each of used.stack.storage.list(bucket, { prefix, versions: true })) found.push(each)
  return found
}
const gone = (bucket: string, prefix: string) =>
  waitFor(async () => (await versions(bucket, prefix)).length === 0, {
    timeoutMs: 10_000,
    what: `${bucket}/${prefix} to be gone`,
  })
const succeeded = (functionName: string, key: string, count = 1) =>
  waitFor(
    async () => {
      const runs = (await used.runs.of(key)).filter((run) => run.functionName === functionName)
      return runs.length === count && runs.every(({ state }) => state === 'succeeded')
    },
    { timeoutMs: 20_000, what: `${functionName} on ${key}` },
  )

/** The removal of a version was announced, and what it asked for was dealt with. */
async function settled(key: string): Promise<void> {
  const keys = createKeys('sluice')
  const redis = new Redis(used.stack.redisUrl)
  const heard = async () => (await redis.lrange(keys.events(objectIdOf('incoming', key)), -1, -1)).toString()
  const isDone = async () => (await heard()).includes('"removed"') && (await redis.zcard(keys.debts)) === 0
  await waitFor(isDone, { timeoutMs: 10_000, what: 'the clean-up' }).finally(() => redis.disconnect())
}

it('removes a result, all its versions and files, when its source is deleted, and nothing of other functions', async () => {
  await used.runs.put('mirror/a.txt', 'one')
  await succeeded('mirror', 'mirror/a.txt')
  await used.runs.put('mirror/a.txt', 'two')
  await succeeded('mirror', 'mirror/a.txt', 2)
  await succeeded('keeping', 'mirror/a.txt', 2)
  expect((await versions('processed', 'mirror/a.txt/mirror/')).length).toBeGreaterThan(3)
  await used.stack.mc.run('rm', 'root/incoming/mirror/a.txt')
  await gone('processed', 'mirror/a.txt/mirror/')
  expect(await used.runs.manifest('keeping', 'mirror/a.txt')).toBeDefined()
})

it('keeps the result when only an old version of the object is deleted', async () => {
  await used.runs.put('mirror/b.txt', 'one')
  await succeeded('mirror', 'mirror/b.txt')
  await used.runs.put('mirror/b.txt', 'two')
  await succeeded('mirror', 'mirror/b.txt', 2)
  const [newest, oldest] = await versions('incoming', 'mirror/b.txt')
  await used.stack.storage.remove('incoming', 'mirror/b.txt', { versionId: oldest?.versionId ?? '' })
  await settled('mirror/b.txt')
  expect((await used.runs.manifest('mirror', 'mirror/b.txt'))?.source.versionId).toBe(newest?.versionId)
  await used.runs.assertThere('mirror', 'mirror/b.txt')
})

it('does an object again that is restored after its result went with it', async () => {
  await used.runs.put('mirror/c.txt', 'one')
  const run = await used.runs.reached('mirror/c.txt', 'succeeded')
  await used.stack.mc.run('rm', 'root/incoming/mirror/c.txt')
  await gone('processed', 'mirror/c.txt/mirror/')
  await used.stack.mc.run('undo', 'root/incoming/mirror/c.txt')
  const id = runIdOf('mirror', 'incoming', 'mirror/c.txt', run.payload.generation)
  const again = await waitFor(() => used.runs.manifest('mirror', 'mirror/c.txt'), {
    timeoutMs: 10_000,
    what: 'the result',
  })
  expect(again.run).toBe(id)
  expect(again.epoch).toBeGreaterThan(0)
})

it('removes a source once it is processed, and older uploads of its key that would come to light', async () => {
  const steer = (what: string) =>
    fetch(`${used.stack.apiUrl}/v1/functions/consume/${what}`, { method: 'POST' })
  expect((await steer('pause')).status).toBe(200)
  await used.runs.put('consume/a.txt', 'one')
  await used.runs.put('consume/a.txt', 'two')
  const ofConsume = async () =>
    (await used.runs.of('consume/a.txt')).filter(({ functionName }) => functionName === 'consume')
  await waitFor(async () => (await ofConsume()).length === 2, { timeoutMs: 10_000, what: 'both runs' })
  expect((await steer('resume')).status).toBe(200)
  await gone('incoming', 'consume/a.txt')
  const states = (await ofConsume()).map(({ state }) => state)
  expect(states.toSorted()).toEqual(['succeeded', 'superseded'])
})

it('keeps the results of a source that the runtime itself has removed', async () => {
  await used.runs.put('consume/kept.txt', 'one')
  await gone('incoming', 'consume/kept.txt')
  await settled('consume/kept.txt')
  for (const name of ['consume', 'keeper'])
    expect(await used.runs.manifest(name, 'consume/kept.txt')).toBeDefined()
})

it('waits for every function that the object is for, and keeps the source of a dead letter', async () => {
  await used.runs.put('consume/two/good.txt', 'good')
  await gone('incoming', 'consume/two/good.txt')
  for (const name of ['consume', 'witness']) await succeeded(name, 'consume/two/good.txt')

  await used.runs.put('consume/two/bad.txt', 'bad')
  await succeeded('consume', 'consume/two/bad.txt')
  await waitFor(
    async () => (await used.runs.of('consume/two/bad.txt')).some(({ state }) => state === 'dead'),
    {
      timeoutMs: 10_000,
      what: 'the dead letter',
    },
  )
  await used.runs.put('consume/later.txt', 'x')
  await gone('incoming', 'consume/later.txt')
  const [kept] = await versions('incoming', 'consume/two/bad.txt')
  const id = runIdOf('consume', 'incoming', 'consume/two/bad.txt', kept?.versionId ?? '')
  expect((await used.runs.manifest('consume', 'consume/two/bad.txt'))?.run).toBe(id)
})
