/** P2: whatever the runtime was not told of, or has forgotten, the sweep finds in the buckets and sees to, once. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { provision } from '../../infra/local/servers/runtime.ts'
import type { Sweep, SweepPass, SweepPreview } from '../../runtime/api/sweep/model.ts'
import { resultPlace } from '../../runtime/output/layout.ts'
import { versionsOf } from '../../runtime/output/removal.ts'
import { parseManifest, type Manifest } from '../../runtime/output/manifest.ts'
import { createKeys } from '../../runtime/queue/keys.ts'
import { createWatermark } from '../../runtime/records/watermark.ts'
import { createRequester, type Requester } from '../../runtime/storage/request.ts'
import { createApiClient } from '../helpers/api.ts'
import { everyWorkerHeard } from '../helpers/every-worker-heard.ts'
import { useStack } from '../helpers/runs.ts'
import { random } from '../helpers/seed.ts'
import { waitFor } from '../helpers/wait.ts'
import { watchFault } from './faults.ts'

const used = useStack(
  {
    SLUICE_FUNCTIONS_FILE: join(import.meta.dirname, 'sweep-functions.ts'),
    // By itself the sweep looks at the start and when a server has come back, and at nothing else in the time of this file.
    SLUICE_SWEEP_GRACE: '0s',
    SLUICE_SWEEP_EVERY: '1d',
  },
  { MINIO_NOTIFY_REDIS_QUEUE_LIMIT_DURABLE: '3' },
)
const keys = createKeys('sluice')
const api = createApiClient(() => used.stack)
const by = {} as { redis: Redis; requester: Requester }
beforeAll(async () => {
  const { redisUrl, minioEndpoint: endpoint, credentials, mc, env } = used.stack
  by.redis = new Redis(redisUrl, { maxRetriesPerRequest: null })
  by.redis.on('error', () => undefined)
  by.requester = createRequester({ endpoint, region: 'us-east-1', credentials: credentials.root })
  await mc.run('rb', '--force', 'root/flat')
  await mc.run('mb', 'root/flat')
  await provision({ env, credentials, mcProgram: mc.program })
})
afterAll(() => {
  by.redis?.disconnect()
  by.requester?.close()
})

const put = (key: string, body = key, bucket = 'incoming') =>
  used.stack.storage.put(bucket, key, { bytes: Buffer.from(body) }, { contentType: 'text/plain' })

/** MinIO has nothing more to send, and what it has sent was read. */
async function allEventsHeard(): Promise<boolean> {
  const staged = await readdir(join(used.stack.dir, 'minio', 'events'), { recursive: true })
  return !staged.some((name) => name.endsWith('.event')) && (await by.redis.llen(keys.inbox)) === 0
}

/** What happens meanwhile in a bucket is announced to nobody: the events are lost. */
async function unheard(work: () => Promise<unknown>, bucket = 'incoming'): Promise<void> {
  const query = { notification: '' }
  const { text } = await by.requester.read({ method: 'GET', bucket, query })
  const configure = (xml: string) =>
    by.requester.read({ method: 'PUT', bucket, query, body: { bytes: Buffer.from(xml) } })
  await configure('<NotificationConfiguration/>')
  await work()
  await configure(text)
}

async function passes(): Promise<readonly SweepPass[]> {
  return (await api.ask<Sweep>('GET', '/sweep')).body.passes
}

/** A sweep on demand, when it has ended. */
async function swept(request: object = {}): Promise<SweepPass> {
  const asked = await api.ask<SweepPass>('POST', '/sweep', request)
  expect(asked.status).toBe(202)
  return waitFor(
    async () => (await passes()).find(({ id, status }) => id === asked.body.id && status === 'done'),
    { timeoutMs: 30_000, what: 'the sweep to end' },
  )
}

/** The newest pass of a cause that began after `afterMs`, when it has ended. */
function sweptBy(cause: SweepPass['cause'], afterMs: number): Promise<SweepPass> {
  return waitFor(
    async () =>
      (await passes()).find(
        (pass) =>
          pass.cause === cause && pass.status === 'done' && Date.parse(pass.startedAt ?? '') >= afterMs,
      ),
    { timeoutMs: 30_000, what: `a sweep because of ${cause}` },
  )
}

async function manifestOf(
  functionName: string,
  key: string,
  bucket = 'incoming',
): Promise<Manifest | undefined> {
  const place = resultPlace({
    sourceBucket: bucket,
    sourceKey: key,
    functionName,
    outputBucket: 'processed',
  })
  const found = await used.stack.storage.readText(place.bucket, place.manifestKey)
  return found && parseManifest(found.text)
}

/** The result that stands, when it is of this version. */
const resultOf = (functionName: string, key: string, versionId: string | undefined) =>
  waitFor(
    async () => {
      const manifest = await manifestOf(functionName, key)
      return manifest?.source.versionId === versionId && manifest
    },
    { timeoutMs: 20_000, what: `the result of version ${versionId} of ${key}` },
  )

const versionIds = async (key: string) =>
  (await versionsOf(used.stack.storage, 'incoming', key)).map(({ versionId }) => versionId)

async function removeNewest(key: string): Promise<void> {
  const [newest] = await versionIds(key)
  if (newest) await used.stack.storage.remove('incoming', key, { versionId: newest })
}

it('runs every upload that was never announced, whatever its name and on whatever page of the listing, and once', async () => {
  const names = ['0123', '1e5', '0x1F', 'a b+c%20&=', 'line\nbreak', 'ü/😀 \\.txt', "it's; rm -rf", '1.0']
  const lost = [...names.map((name) => `echo/${name}`), 'slow/behind them all']
  const told = await watchFault(used.stack, 'upload never announced')
  await unheard(async () => {
    for (const key of random('order').shuffled(lost)) await put(key)
    const filler = Array.from({ length: 1_100 }, (_, index) => `mid/${index}`)
    for (let at = 0; at < filler.length; at += 50) {
      await Promise.all(filler.slice(at, at + 50).map((key) => put(key)))
    }
  })
  await unheard(() => put('0123', 'flat one', 'flat'), 'flat')

  const dry = await api.ask<SweepPreview>('POST', '/sweep', { dryRun: true })
  expect(dry.body.healed).toEqual({ 'lost-event': lost.length + 1 })
  expect(await used.runs.of('echo/0123')).toEqual([])

  expect((await swept()).healed).toEqual({ 'lost-event': lost.length + 1 })
  await told()
  for (const key of lost) {
    const run = await used.runs.reached(key, 'succeeded')
    expect(run).toMatchObject({ trigger: 'sweep', epoch: 0, attempts: 0, dups: 0 })
    expect(await used.runs.assertWhole(key.split('/', 1)[0]!, key)).toHaveLength(1)
    expect(await used.runs.of(key)).toHaveLength(1)
  }
  const flat = await waitFor(() => manifestOf('flat', '0123', 'flat'), {
    timeoutMs: 20_000,
    what: 'flat/0123',
  })
  expect(flat.source.versionId).toBeUndefined()
  expect((await swept()).healed).toEqual({})
  expect(await swept({ prefix: 'mid/' })).toMatchObject({ healed: {}, objects: 1_100 })
})

it('tells of uploads that are older than a function, and runs only those that came after it was set up', async () => {
  await used.stack.storage.remove('metadata', '~sluice/added.json')
  await unheard(() => put('added/before'))
  expect((await swept({ prefix: 'added/' })).reported).toEqual({ 'not-set-up': 1 })
  await createWatermark(used.stack.storage, 'added')
  await unheard(() => put('added/after'))
  expect(await swept({ prefix: 'added/' })).toMatchObject({
    healed: { 'lost-event': 1 },
    reported: { 'before-watermark': 1 },
  })
  await used.runs.reached('added/after', 'succeeded')
  expect(await used.runs.of('added/before')).toEqual([])
})

it('takes up again at once what a removal has made the latest version', async () => {
  for (const key of ['echo/undone', 'mirror/undeleted']) {
    await put(key, 'one')
    await used.runs.reached(key, 'succeeded')
  }
  const [first] = await versionIds('echo/undone')
  await put('echo/undone', 'two')
  const [second] = await versionIds('echo/undone')
  await resultOf('echo', 'echo/undone', second)
  await removeNewest('echo/undone')
  await resultOf('echo', 'echo/undone', first)

  const [mirrored] = await versionIds('mirror/undeleted')
  await used.stack.storage.remove('incoming', 'mirror/undeleted')
  await used.runs.reached('mirror/undeleted', 'source-gone')
  expect(await manifestOf('mirror', 'mirror/undeleted')).toBeUndefined()
  await removeNewest('mirror/undeleted')
  await resultOf('mirror', 'mirror/undeleted', mirrored)
})

it('takes up again what a removal has made the latest version, and follows a delete, though nobody heard of them', async () => {
  await put('echo/quiet', 'one')
  await put('mirror/quiet', 'one')
  for (const key of ['echo/quiet', 'mirror/quiet']) await used.runs.reached(key, 'succeeded')
  await api.ask('POST', '/functions/echo/pause')
  await put('echo/superseded', 'one')
  await used.runs.reached('echo/superseded', 'queued')
  const keysOfTwo = ['echo/quiet', 'echo/superseded']
  const firsts = await Promise.all(keysOfTwo.map(async (key) => (await versionIds(key))[0]))
  const [mirrored] = await versionIds('mirror/quiet')
  for (const key of keysOfTwo) await put(key, 'two')
  await waitFor(async () => (await used.runs.of('echo/superseded')).length === 2, {
    timeoutMs: 5_000,
    what: 'both uploads to be heard of',
  })
  await api.ask('POST', '/functions/echo/resume')
  for (const key of keysOfTwo) await used.runs.reached(key, 'succeeded')
  const [superseded] = await used.runs.of('echo/superseded')
  expect(superseded).toMatchObject({ state: 'superseded', payload: { versionId: firsts[1] } })

  await unheard(async () => {
    for (const key of keysOfTwo) await removeNewest(key)
    await used.stack.storage.remove('incoming', 'mirror/quiet')
  })
  expect((await swept()).healed).toEqual({ restored: 2, 'lost-delete': 1 })
  for (const [index, key] of keysOfTwo.entries()) await resultOf('echo', key, firsts[index])
  await used.runs.reached('mirror/quiet', 'source-gone')
  expect(await manifestOf('mirror', 'mirror/quiet')).toBeUndefined()

  // A look follows the removal of a result, and would find what comes back as well.
  await waitFor(async () => (await by.redis.zcard(keys.debts)) === 0, {
    timeoutMs: 10_000,
    what: 'all to be cleaned up',
  })
  await unheard(() => removeNewest('mirror/quiet'))
  expect((await swept()).healed).toEqual({ restored: 1 })
  await resultOf('mirror', 'mirror/quiet', mirrored)
  expect((await swept()).healed).toEqual({})
})

it('gives runs their place back which they have lost in Redis', async () => {
  const told = await watchFault(used.stack, 'stream entry deleted')
  await put('later/a')
  await used.runs.reached('later/a', 'retrying')
  await api.ask('POST', '/functions/echo/pause')
  await everyWorkerHeard(by.redis, 'echo')
  await put('echo/entry')
  const waiting = await used.runs.reached('echo/entry', 'queued')
  await put('slow/group')
  await used.runs.reached('slow/group', 'running')

  const entry = (await by.redis.hget(keys.run(waiting.runId), 'entry')) ?? ''
  expect(await by.redis.xdel(keys.stream('echo', 'live'), entry)).toBe(1)
  expect(await by.redis.del(keys.delay)).toBe(1)
  expect(await by.redis.xgroup('DESTROY', keys.stream('slow', 'live'), 'w')).toBe(1)
  await api.ask('POST', '/functions/echo/resume')

  const { healed } = await swept()
  expect(healed['delay-entry']).toBe(1)
  expect(healed['stream-entry']).toBeGreaterThanOrEqual(1)
  await told()
  for (const key of ['echo/entry', 'slow/group']) {
    await used.runs.reached(key, 'succeeded')
    await used.runs.assertThere(key.split('/', 1)[0]!, key)
  }
  // An hour is not waited for.
  await by.redis.zadd(keys.delay, 'XX', 0, (await used.runs.of('later/a'))[0]!.runId)
  await used.runs.reached('later/a', 'succeeded')
})

it('does nothing twice when Redis forgets everything, in the middle of work and after it', async () => {
  const mine = Array.from({ length: 12 }, (_, index) => `slow/flushed ${index}`)
  // A second copy that came after Redis was emptied would admit its run again, and nothing would be left to heal.
  await api.ask('POST', '/functions/slow/pause')
  await everyWorkerHeard(by.redis, 'slow')
  await Promise.all(mine.map((key) => put(key)))
  for (const key of mine) await used.runs.reached(key, 'queued')
  await waitFor(allEventsHeard, { timeoutMs: 60_000, what: 'every event to be heard' })
  const told = await watchFault(used.stack, 'redis emptied')
  await api.ask('POST', '/functions/slow/resume')
  const isAnyDone = async () => (await Promise.all(mine.map((key) => manifestOf('slow', key)))).some(Boolean)
  await waitFor(isAnyDone, { timeoutMs: 20_000, what: 'the first result' })
  const attemptsOf = async () =>
    new Map(
      await Promise.all(mine.map(async (key) => [key, (await manifestOf('slow', key))?.attempt] as const)),
    )
  const before = await attemptsOf()
  await by.redis.flushall()
  for (const key of mine) {
    await waitFor(() => manifestOf('slow', key), { timeoutMs: 40_000, what: `the result of ${key}` })
    await used.runs.assertThere('slow', key)
  }
  await told()
  const after = await attemptsOf()
  const done = [...before].filter(([, attempt]) => attempt !== undefined)
  expect(done.length).toBeGreaterThan(0)
  expect([...after]).toEqual(expect.arrayContaining(done))

  await waitFor(
    async () => (await passes()).some(({ kind, status }) => kind === 'full' && status === 'done'),
    {
      timeoutMs: 20_000,
      what: 'the sweep to end',
    },
  )
  await by.redis.flushall()
  const again = await sweptBy('no-marker', 0)
  expect(again.healed).toEqual({})
  expect(await attemptsOf()).toEqual(after)
  expect(await by.redis.keys(keys.run('*'))).toEqual([])
})

it('finds what MinIO had no room to remember while Redis was away', async () => {
  const mine = Array.from({ length: 10 }, (_, index) => `echo/no room ${index}`)
  const told = await watchFault(used.stack, 'more events than the queue folder takes')
  const startedMs = Date.now()
  used.stack.redis.kill('SIGKILL')
  for (const key of mine) await put(key)
  await told()
  await used.stack.redis.start()
  const pass = await sweptBy('reconnect', startedMs)
  expect(pass.healed['lost-event']).toBeGreaterThanOrEqual(mine.length - 4)
  for (const key of mine) {
    await used.runs.reached(key, 'succeeded')
    await used.runs.assertWhole('echo', key)
  }
})

it('looks again when MinIO has come back, and when the runtime starts, for what was lost meanwhile', async () => {
  await unheard(() => put('echo/before minio died'))
  const killedMs = Date.now()
  used.stack.minio.kill('SIGKILL')
  await used.stack.minio.start()
  await sweptBy('reconnect', killedMs)
  await used.runs.reached('echo/before minio died', 'succeeded')

  await used.stack.runtime.stop()
  const mine = ['echo/away 1', 'echo/away 2']
  for (const key of mine) await put(key)
  // Both copies of each: the list and the folder are emptied by somebody who should not have done it.
  await waitFor(async () => (await by.redis.llen(keys.inbox)) === 2 * mine.length, {
    timeoutMs: 20_000,
    what: 'the announcements',
  })
  await by.redis.del(keys.inbox)
  const startedMs = Date.now()
  await used.stack.runtime.start()
  expect((await sweptBy('start', startedMs)).healed).toEqual({ 'lost-event': mine.length })
  for (const key of mine) await used.runs.reached(key, 'succeeded')
})
