/** Faults at every step of an attempt: what is done there, and what must hold when it is over. @module */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect } from 'vitest'
import { resultPlace } from '../../runtime/output/layout.ts'
import { parseManifest, type Manifest } from '../../runtime/output/manifest.ts'
import { createQueue } from '../../runtime/queue/queue.ts'
import { createKeys, LANES, objectIdOf } from '../../runtime/queue/keys.ts'
import type { RunRecord } from '../../runtime/queue/run.ts'
import { STEPS } from '../../runtime/telemetry/steps.ts'
import { createStorage } from '../../runtime/storage/client.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { sleep } from '../../runtime/time.ts'
import { createTestJanitor } from '../helpers/janitor.ts'
import { listed } from '../helpers/listed.ts'
import { useStack, type Runs } from '../helpers/runs.ts'
import { random } from '../helpers/seed.ts'
import { sha256Hex } from '../helpers/sha256.ts'
import type { TestStack } from '../helpers/stack.ts'
import { waitFor } from '../helpers/wait.ts'
import { createTraps } from './traps.ts'

export const ACTIONS = [
  'worker killed',
  'worker asleep',
  'worker asked to end',
  'redis killed',
  'redis asleep',
  'minio killed',
  'minio asleep',
] as const
export type Action = (typeof ACTIONS)[number]

/** Every fault at every step. */
export const CASES = STEPS.flatMap((step) => ACTIONS.map((action) => ({ step, action })))
export type Case = (typeof CASES)[number]

export function keyOf({ step, action }: Case): string {
  return `steps/${action.replaceAll(' ', '-')}-at-${step}.txt`
}

export type StepStack = ReturnType<typeof useStepStack>

/** For one file: a stack whose workers spring traps. Read the fields inside tests. */
export function useStepStack(env: Readonly<Record<string, string>> = {}) {
  const traps = createTraps()
  const used = useStack({
    SLUICE_FUNCTIONS_FILE: join(import.meta.dirname, 'steps-functions.ts'),
    STEPS_DIR: traps.dir,
    SLUICE_LEASE: '2s',
    SLUICE_WORKERS: '2',
    ...env,
  })
  const choose = random('faults at steps')
  let redis: Redis
  /** A single try: whoever puts an object again makes another version. */
  let client: Storage
  beforeAll(() => {
    const { redisUrl, minioEndpoint: endpoint, credentials } = used.stack
    redis = new Redis(redisUrl, { maxRetriesPerRequest: null })
    redis.on('error', () => undefined)
    client = createStorage({ endpoint, region: 'us-east-1', credentials: credentials.root, retries: 0 })
  })
  afterAll(() => {
    ;(redis as Redis | undefined)?.disconnect()
    ;(client as Storage | undefined)?.close()
    traps.remove()
  })

  const place = (key: string) =>
    resultPlace({
      sourceBucket: 'incoming',
      sourceKey: key,
      functionName: 'parts',
      outputBucket: 'processed',
    })

  /** MinIO announces nothing in its first moments, which is another test's matter (the sweep's). */
  async function announces(): Promise<void> {
    const key = `canary-${canaries++}`
    const remembered = createKeys('sluice').events(objectIdOf('incoming', key))
    await waitFor(() => used.runs.put(key, '').then(async () => (await redis.exists(remembered)) === 1), {
      timeoutMs: 20_000,
      what: 'MinIO to announce uploads again',
    })
  }
  let canaries = 0

  async function onlyLivingWorkersHaveScratch(): Promise<boolean> {
    const found = await readdir(join(used.stack.dir, 'scratch'), { recursive: true })
    const living = await used.stack.childPids('work')
    return isDeepStrictEqual(
      found.flatMap((name) => /worker-(\d+)$/.exec(name)?.[1] ?? []).toSorted(),
      living.map(String).toSorted(),
    )
  }

  return {
    get stack(): TestStack {
      return used.stack
    },
    get runs(): Runs {
      return used.runs
    },
    get redis(): Redis {
      return redis
    },
    set: traps.set,
    told: traps.told,
    place,

    /** An upload at whose named step the fault happens, until it has succeeded all the same; its run. */
    async suffer({ step, action }: Case, key: string): Promise<RunRecord> {
      const { stack, runs } = used
      const server = action.startsWith('redis') ? stack.redis : stack.minio
      const isOfServer = !action.startsWith('worker')
      const sprung = traps.set({
        step,
        key,
        time: step.startsWith('file-') ? 1 + choose.below(3) : 1,
        signal: action.endsWith('killed') ? 'SIGKILL' : action.endsWith('asleep') ? 'SIGSTOP' : 'SIGTERM',
        ...(isOfServer && { serverPid: server.pid as number }),
      })
      // The store may be gone before it has answered: the object is there, or there would be no run.
      const body = { bytes: Buffer.from(key) }
      const put = client.put('incoming', key, body, { contentType: 'text/plain' }).catch(() => undefined)
      const pid = await sprung()
      if (isOfServer && action.endsWith('killed')) {
        await waitFor(() => Promise.resolve(server.pid === undefined), {
          timeoutMs: 5_000,
          what: `${server.name} to be gone`,
        })
        await server.start()
        if (server === stack.minio) await announces()
      } else if (isOfServer) {
        await sleep(2_000 + choose.below(2_000))
        server.kill('SIGCONT')
      } else if (action === 'worker asleep') {
        // Another one has done it by the time when the sleeper wakes up.
        await runs.reached(key, 'succeeded').finally(() => process.kill(pid, 'SIGCONT'))
        if (step !== 'settled') await traps.told(pid, step === 'settling' ? 'settled' : 'settling', key)
      }
      await put
      return runs.reached(key, 'succeeded', 60_000)
    },

    /**
     * Asserts that one run has succeeded, uncounted tries behind it, and that there is one manifest ever, all of whose files
     * are in the bucket as it says.
     */
    async assertDone(key: string): Promise<void> {
      const all = await used.runs.of(key)
      expect(all).toHaveLength(1)
      expect(all[0]).toMatchObject({ state: 'succeeded', attempts: 0, crashes: 0, epoch: 0 })
      const { manifestKey } = place(key)
      const manifests = await listed(
        used.stack.storage.list('processed', { prefix: manifestKey, versions: true }),
      )
      expect(manifests.map((row) => row.isDeleteMarker)).toEqual([false])
      const manifest = await this.manifest(key)
      expect(manifest.run).toBe(all[0]?.runId)
      await this.assertFiles(manifest)
      expect(await used.runs.verdict('parts', key)).toBeUndefined()
    },

    async manifest(key: string): Promise<Manifest> {
      const found = await used.stack.storage.readText('processed', place(key).manifestKey)
      const manifest = found && parseManifest(found.text)
      if (!manifest) throw new Error(`no manifest of ${key}`)
      return manifest
    },

    /** All three, as large and with the bytes that it says; the pointer shows the first. */
    async assertFiles({ files, pointers, source }: Manifest): Promise<void> {
      const { storage } = used.stack
      expect(files.map((file) => file.key.split('/').at(-1))).toEqual([0, 1, 2].map((n) => `part-${n}.json`))
      for (const { key, bytes, sha256 } of files) {
        const found = await storage.readText('processed', key)
        expect([found?.text.length, sha256Hex(found?.text ?? '')]).toEqual([bytes, sha256])
        expect(JSON.parse(found?.text ?? '')).toMatchObject({ body: source.key })
      }
      expect(pointers).toEqual({ 'first.json': files[0]?.key })
      const pointer = await storage.readText('processed', `${place(source.key).folder}first.json`)
      expect(sha256Hex(pointer?.text ?? '')).toBe(files[0]?.sha256)
    },

    /**
     * Asserts that nothing is left of all attempts but what manifests name, once the janitor was there, and no work in Redis;
     * how many folders the janitor has removed.
     */
    async assertTidy(keys: readonly string[]): Promise<number> {
      const { storage } = used.stack
      const queue = createQueue(redis, 'sluice')
      await waitFor(
        async () => {
          const { prefix, delay, debts } = queue.keys
          const lengths = await Promise.all([
            ...LANES.map((lane) => redis.xlen(queue.keys.stream('parts', lane))),
            redis.zcard(delay),
            redis.zcard(debts),
            redis.keys(`${prefix}open:*`).then((open) => open.length),
            redis.keys(`${prefix}marked:*`).then((marked) => marked.length),
          ])
          return lengths.every((length) => length === 0)
        },
        { timeoutMs: 20_000, what: 'nothing to be owed or waiting in Redis' },
      )
      await waitFor(onlyLivingWorkersHaveScratch, {
        timeoutMs: 20_000,
        what: 'the scratch of the dead to go',
      })
      const { functions } = await loadedFunctions(traps.dir)
      // By the runtime's account, which has to have the right to.
      const { minioEndpoint: endpoint, credentials } = used.stack
      const own = createStorage({ endpoint, region: 'us-east-1', credentials: credentials.runtime })
      const janitor = createTestJanitor({ redis, queue, storage: own, functions })
      await janitor.round().finally(() => own.close())
      for (const key of keys) {
        const manifest = await this.manifest(key)
        const { folder, manifestKey } = place(key)
        const rows = await listed(storage.list('processed', { prefix: folder, versions: true }))
        expect([...new Set(rows.map((row) => row.key))]).toEqual(
          [`${folder}first.json`, manifestKey, ...manifest.files.map((file) => file.key)].toSorted(),
        )
      }
      return janitor.removed('folders')
    },
  }
}

/** In this process no trap is ever sprung: nothing here reaches a step. */
async function loadedFunctions(dir: string) {
  process.env['STEPS_DIR'] = dir
  return import('./steps-functions.ts')
}
