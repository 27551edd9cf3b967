/** Faults at every step of an attempt: what is done there, and what must hold when it is over. @module */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect } from 'vitest'
import { resultPlace } from '../../runtime/output/layout.ts'
import { parseManifest, type Manifest } from '../../runtime/output/manifest.ts'
import { createQueue } from '../../runtime/queue/queue.ts'
import { LANES } from '../../runtime/queue/keys.ts'
import type { RunRecord } from '../../runtime/queue/run.ts'
import { STEPS, type Step } from '../../runtime/steps.ts'
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

/** What a worker process does at a step of an attempt; see `steps-functions.ts`. */
export interface Trap {
  readonly step: Step
  /** Of the source: what the step is about begins with it. */
  readonly key: string
  /** The how manieth time that a process reaches the step. */
  readonly time: number
  readonly signal: 'SIGKILL' | 'SIGSTOP' | 'SIGTERM'
  /** The leader of a server's group; absent for the worker itself. */
  readonly serverPid?: number
}

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
  const dir = mkdtempSync(join(tmpdir(), 'sluice-steps-'))
  const used = useStack({
    SLUICE_FUNCTIONS_FILE: join(import.meta.dirname, 'steps-functions.ts'),
    STEPS_DIR: dir,
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
    rmSync(dir, { recursive: true })
  })

  let traps = 0
  /** The pid of the worker process that springs it. */
  function set(trap: Trap): () => Promise<number> {
    const name = `${traps++}.trap`
    writeFileSync(join(dir, name), JSON.stringify(trap))
    return () =>
      waitFor(
        () => {
          const sprung = readdirSync(dir).find((file) => file.startsWith(`${name}.sprung-by-`))
          return Promise.resolve(sprung === undefined ? sprung : Number(sprung.split('-').at(-1)))
        },
        { timeoutMs: 40_000, what: `the trap ${JSON.stringify(trap)}`, intervalMs: 10 },
      )
  }

  /** Waits until a process has said that it reached a step. */
  const told = (pid: number, step: Step, key: string) =>
    waitFor(
      () => {
        const lines = readFileSync(join(dir, 'steps.log'), 'utf8').split('\n')
        return Promise.resolve(lines.some((line) => line.startsWith(`${pid} ${step} ${key}`)))
      },
      { timeoutMs: 30_000, what: `process ${pid} to reach ${step} of ${key}` },
    )

  const place = (key: string) =>
    resultPlace({
      sourceBucket: 'incoming',
      sourceKey: key,
      functionName: 'parts',
      outputBucket: 'processed',
    })

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
    set,
    told,
    place,

    /** An upload at whose named step the fault happens, until it has succeeded all the same; its run. */
    async suffer({ step, action }: Case, key: string): Promise<RunRecord> {
      const { stack, runs } = used
      const server = action.startsWith('redis') ? stack.redis : stack.minio
      const isOfServer = !action.startsWith('worker')
      const sprung = set({
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
      } else if (isOfServer) {
        await sleep(2_000 + choose.below(2_000))
        server.kill('SIGCONT')
      } else if (action === 'worker asleep') {
        // Another one has done it by the time when the sleeper wakes up.
        await runs.reached(key, 'succeeded').finally(() => process.kill(pid, 'SIGCONT'))
        if (step !== 'settled') await told(pid, step === 'settling' ? 'settled' : 'settling', key)
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

    /** Asserts that nothing is left of all attempts but what manifests name, once the janitor was there; and no work in Redis. */
    async assertTidy(keys: readonly string[]): Promise<void> {
      const { storage } = used.stack
      const queue = createQueue(redis, 'sluice')
      await waitFor(
        async () => {
          const { prefix, delay, verdicts, tidy } = queue.keys
          const lengths = await Promise.all([
            ...LANES.map((lane) => redis.xlen(queue.keys.stream('parts', lane))),
            redis.zcard(delay),
            redis.scard(verdicts),
            redis.zcard(tidy),
            redis.keys(`${prefix}open:*`).then((open) => open.length),
          ])
          return lengths.every((length) => length === 0)
        },
        { timeoutMs: 20_000, what: 'nothing to be owed or waiting in Redis' },
      )
      const { functions } = await loadedFunctions(dir)
      await createTestJanitor({ redis, queue, storage, functions }).round()
      for (const key of keys) {
        const manifest = await this.manifest(key)
        const { folder, manifestKey } = place(key)
        const rows = await listed(storage.list('processed', { prefix: folder, versions: true }))
        expect([...new Set(rows.map((row) => row.key))]).toEqual(
          [`${folder}first.json`, manifestKey, ...manifest.files.map((file) => file.key)].toSorted(),
        )
      }
    },
  }
}

/** In this process no trap is ever sprung: nothing here reaches a step. */
async function loadedFunctions(dir: string) {
  process.env['STEPS_DIR'] = dir
  return import('./steps-functions.ts')
}
