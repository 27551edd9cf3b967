/** A storm: hundreds of uploads while Redis, MinIO and workers are killed and stopped. What was acknowledged is done, once and whole. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import { createKeys } from '../../runtime/queue/keys.ts'
import { isOpen, type RunRecord } from '../../runtime/queue/run.ts'
import { createStorage } from '../../runtime/storage/client.ts'
import { manifestVersions } from '../helpers/manifest-versions.ts'
import { allRuns, useStack } from '../helpers/runs.ts'
import { random } from '../helpers/seed.ts'
import { sha256Hex } from '../helpers/sha256.ts'
import { waitFor } from '../helpers/wait.ts'
import { watchFault } from './faults.ts'

const UPLOADS = 300
/** Some keys are uploaded again and again: what is superseded counts as well. */
const KEYS = 260
const CLIENTS = 4
const FUNCTIONS = ['copies', 'digest'] as const

const used = useStack({
  SLUICE_FUNCTIONS_FILE: join(import.meta.dirname, 'uploads-functions.ts'),
  SLUICE_WORKERS: '2',
  SLUICE_LEASE: '2s',
  SLUICE_SWEEP_EVERY: '2s',
  SLUICE_SWEEP_GRACE: '0s',
})
const dice = random('uploads')

interface Upload {
  readonly key: string
  readonly body: string
  readonly way: 'put' | 'mc'
}

const uploads: readonly Upload[] = Array.from({ length: UPLOADS }, (_, index) => ({
  key: `storm/${index % KEYS}.txt`,
  body: `${dice.below(8) === 0 ? 'bad' : 'good'} ${index} ${'x'.repeat(dice.below(2_000))}`,
  way: dice.below(10) === 0 ? ('mc' as const) : ('put' as const),
}))

/** Sends everything, as clients do that try again until the store takes it. */
async function uploadAll(isOver: { acknowledged: number }): Promise<void> {
  const { stack } = used
  const { minioEndpoint: endpoint, credentials } = stack
  const client = createStorage({
    endpoint,
    region: 'us-east-1',
    credentials: credentials.uploader,
    retries: 0,
  })
  const folder = join(stack.dir, 'uploads')
  await mkdir(folder)

  async function send({ key, body, way }: Upload, index: number): Promise<void> {
    if (way === 'put') {
      await client.put('incoming', key, { bytes: Buffer.from(body) }, { contentType: 'text/plain' })
      return
    }
    const path = join(folder, `${index}.txt`)
    await writeFile(path, body)
    await stack.mc.run('cp', path, `sluice/incoming/${key}`)
  }

  const waiting = [...uploads.entries()]
  /** Of one key only one client at a time, in their order: else nobody could say what the newest is. */
  const busy = new Set<string>()
  async function work(): Promise<void> {
    for (;;) {
      const at = waiting.findIndex(([, { key }]) => !busy.has(key))
      if (at < 0) return
      const [[index, upload] = [0, uploads[0] as Upload]] = waiting.splice(at, 1)
      busy.add(upload.key)
      await waitFor(
        async () => {
          await send(upload, index)
          return true
        },
        { timeoutMs: 60_000, what: `the store to take ${upload.key}` },
      )
      isOver.acknowledged++
      busy.delete(upload.key)
      // So that the storm meets uploads all the way.
      await pause(dice.below(250))
    }
  }
  try {
    await Promise.all(Array.from({ length: CLIENTS }, () => work()))
  } finally {
    client.close()
  }
}

/** One blow after the other, spread over the uploads. */
async function storm(progress: { acknowledged: number }): Promise<void> {
  const { redis, minio } = used.stack
  const restart = async (server: typeof redis) => {
    server.kill('SIGKILL')
    await pause(dice.below(500))
    await server.start()
  }
  const blows: readonly (() => Promise<void>)[] = dice.shuffled([
    () => restart(redis),
    () => restart(redis),
    () => restart(redis),
    () => restart(minio),
    () => restart(minio),
    async () => {
      redis.kill('SIGSTOP')
      await pause(5_000)
      redis.kill('SIGCONT')
    },
    killWorker,
    killWorker,
    killWorker,
  ])
  for (const [index, blow] of blows.entries()) {
    await waitFor(async () => progress.acknowledged >= (index * UPLOADS) / (blows.length + 1), {
      timeoutMs: 90_000,
      what: `the uploads before blow ${index}`,
    })
    await blow()
  }
}

async function killWorker(): Promise<void> {
  const pids = await used.stack.childPids('work')
  if (pids.length > 0) process.kill(dice.pick(pids), 'SIGKILL')
}

it('loses nothing, does nothing twice, and leaves nothing half done', async () => {
  const toldOfRedis = await watchFault(used.stack, 'connection to redis lost')
  const toldOfStore = await watchFault(used.stack, 'connection to the store lost')
  const progress = { acknowledged: 0 }
  await Promise.all([uploadAll(progress), storm(progress)])
  expect(progress.acknowledged).toBe(UPLOADS)

  const newest = new Map(uploads.map(({ key, body }) => [key, body]))
  expect(newest.size).toBe(KEYS)
  const wrong: string[] = []
  for (const [key, body] of newest) {
    for (const name of FUNCTIONS) {
      const complaint = await judged(name, key, body).catch((error: Error) => error.message)
      if (complaint !== undefined) wrong.push(`${name} of ${key}: ${complaint}`)
    }
  }
  expect(wrong).toEqual([])
  const runs = await waitFor(
    async () => {
      const all = await everyRun()
      return all.every(({ state }) => !isOpen(state)) && all
    },
    { timeoutMs: 60_000, what: 'every run to end' },
  )
  expect(runs.length).toBeGreaterThanOrEqual(KEYS * FUNCTIONS.length)
  // Nothing was given up but what its own content condemns.
  expect(runs.filter(({ state, reason }) => state === 'dead' && reason !== 'permanent')).toEqual([])
  await toldOfRedis()
  await toldOfStore()
})

async function everyRun(): Promise<readonly RunRecord[]> {
  const redis = new Redis(used.stack.redisUrl)
  try {
    return await allRuns(redis, createKeys('sluice'))
  } finally {
    redis.disconnect()
  }
}

/** What is wrong with the end of the newest upload of a key; undefined when nothing is. */
async function judged(
  name: (typeof FUNCTIONS)[number],
  key: string,
  body: string,
): Promise<string | undefined> {
  const isBad = name === 'digest' && body.startsWith('bad')
  const { storage } = used.stack
  const latest = await storage.head('incoming', key)
  const recorded = await waitFor(
    async () => {
      const found = isBad ? await used.runs.verdict(name, key) : await used.runs.manifest(name, key)
      return found?.source.generation === latest?.versionId && found
    },
    { timeoutMs: 60_000, what: 'its record' },
  )
  // A result of an older upload may stand beside the verdict; whatever stands is whole.
  if (await used.runs.manifest(name, key)) await used.runs.assertThere(name, key)
  const ids = await runIdsOfManifests(name, key)
  if (new Set(ids).size < ids.length) return `committed more than once by one run: ${ids.join(', ')}`
  if (isBad || !('files' in recorded)) return undefined
  for (const file of recorded.files) {
    const { text = '' } = (await storage.readText('processed', file.key)) ?? {}
    if (sha256Hex(text) !== file.sha256) return `${file.key} is not what the manifest names`
    const said = JSON.parse(text) as { body?: string; sha256?: string }
    if ((said.body ?? body) !== body || (said.sha256 ?? sha256Hex(body)) !== sha256Hex(body))
      return `${file.key} is of another upload`
  }
  return undefined
}

/** The run of each manifest that ever stood there. */
async function runIdsOfManifests(name: string, key: string): Promise<string[]> {
  const { storage } = used.stack
  const ids: string[] = []
  for (const versionId of await manifestVersions(storage, name, key)) {
    const found = await storage.readText('processed', `${key}/${name}/manifest.json`, { versionId })
    ids.push((JSON.parse(found?.text ?? '{}') as { run: string }).run)
  }
  return ids
}
