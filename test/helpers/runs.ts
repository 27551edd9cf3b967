/** What happened to objects in a test's stack, as an operator sees it: runs in Redis, results and verdicts in buckets. @module */
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll } from 'vitest'
import { resultPlace } from '../../runtime/output/layout.ts'
import { parseManifest, type Manifest } from '../../runtime/output/manifest.ts'
import { verdictSchema, type Verdict } from '../../runtime/output/verdict.ts'
import { createKeys, type Keys } from '../../runtime/queue/keys.ts'
import { parseRun, readRunFields } from '../../runtime/queue/run-record.ts'
import type { RunRecord, RunState } from '../../runtime/queue/run.ts'
import type { ListedObject, Storage } from '../../runtime/storage/storage.ts'
import { startTestStack, type TestStack } from './stack.ts'
import { waitFor } from './wait.ts'

export interface Runs {
  /** Puts an object as any client would. */
  put(key: string, body: string | Uint8Array): Promise<void>
  /** Every run of an object, in the order of their admission. */
  of(key: string): Promise<RunRecord[]>
  /** The object's newest run, when it has reached this state. */
  reached(key: string, state: RunState, timeoutMs?: number): Promise<RunRecord>
  /** The runs of each object, when both copies of its event were heard: none is on its way any more. */
  heardTwice(keys: readonly string[]): Promise<readonly RunRecord[][]>
  manifest(functionName: string, key: string, outputBucket?: string): Promise<Manifest | undefined>
  verdict(functionName: string, key: string): Promise<Verdict | undefined>
  /** Asserts that the manifest's files exist with their sizes; their keys. */
  assertThere(functionName: string, key: string): Promise<string[]>
  /** The same, and that no attempt has left others behind. (After a crash they are the janitor's.) */
  assertWhole(functionName: string, key: string): Promise<string[]>
  close(): void
}

export function createRuns(stack: Pick<TestStack, 'redisUrl' | 'storage'>): Runs {
  // Redis may be killed by the test: this connection waits for it.
  const redis = new Redis(stack.redisUrl, { maxRetriesPerRequest: null })
  redis.on('error', () => undefined)
  const names = createKeys('sluice')
  const { storage } = stack
  const placeOf = (functionName: string, sourceKey: string, outputBucket = 'processed') =>
    resultPlace({ sourceBucket: 'incoming', sourceKey, functionName, outputBucket })

  async function of(key: string): Promise<RunRecord[]> {
    const found = (await allRuns(redis, names)).filter((run) => run.payload.key === key)
    return found.toSorted((a, b) => a.createdAtMs - b.createdAtMs)
  }

  async function manifest(functionName: string, key: string, outputBucket?: string) {
    const place = placeOf(functionName, key, outputBucket)
    const found = await storage.readText(place.bucket, place.manifestKey)
    return found && parseManifest(found.text)
  }

  async function assertThere(functionName: string, key: string): Promise<string[]> {
    const named = await manifest(functionName, key)
    if (!named) throw new Error(`no manifest of ${functionName} for ${JSON.stringify(key)}`)
    for (const file of named.files) {
      const there = await storage.head('processed', file.key)
      if (there?.sizeBytes !== file.bytes) throw new Error(`${file.key} differs from the manifest`)
    }
    return named.files.map((file) => file.key)
  }

  return {
    of,
    manifest,
    async put(key, body) {
      await storage.put(
        'incoming',
        key,
        { bytes: Buffer.from(body) },
        { contentType: 'application/octet-stream' },
      )
    },
    reached: (key, state, timeoutMs = 30_000) => {
      let last: RunRecord | undefined
      return waitFor(
        async () => {
          last = (await of(key)).at(-1)
          return last?.state === state && last
        },
        { timeoutMs, what: `${JSON.stringify(key)} to be ${state}` },
      ).catch((error: Error) => {
        throw new Error(`${error.message}; last seen: ${JSON.stringify(last)}`, { cause: error })
      })
    },
    heardTwice: (keys) =>
      waitFor(
        async () => {
          const found = await Promise.all(keys.map(of))
          return found.every(([run]) => run?.copies === 2) && found
        },
        { timeoutMs: 60_000, what: 'the second copy of each event' },
      ),
    async verdict(functionName, key) {
      const place = placeOf(functionName, key)
      const found = await storage.readText(place.verdictBucket, place.verdictKey)
      return found && verdictSchema.parse(JSON.parse(found.text))
    },
    assertThere,
    async assertWhole(functionName, key) {
      const named = await assertThere(functionName, key)
      const lying = await listAll(storage, placeOf(functionName, key).folder)
      const others = lying.filter((object) => object.key.includes('/~') && !named.includes(object.key))
      if (others.length > 0)
        throw new Error(`no manifest names ${others.map((object) => object.key).join(', ')}`)
      return named
    },
    close: () => redis.disconnect(),
  }
}

/** Every run that Redis knows. */
export async function allRuns(redis: Redis, keys: Keys): Promise<readonly RunRecord[]> {
  const ids = (await redis.keys(keys.run('*'))).map((name) => name.slice(keys.run('').length))
  const found = await readRunFields(redis, keys, ids)
  return found.flatMap((fields, index) => parseRun(ids[index] as string, fields) ?? [])
}

async function listAll(storage: Storage, prefix: string): Promise<ListedObject[]> {
  const found: ListedObject[] = []
  for await (const object of storage.list('processed', { prefix })) found.push(object)
  return found
}

/** For one file: the stack with the small functions of `test/e2e/functions.ts`. Read the fields inside tests. */
export function useStack(
  env: Readonly<Record<string, string>>,
  minioEnv: Readonly<Record<string, string>> = {},
): {
  readonly stack: TestStack
  readonly runs: Runs
} {
  const used = {} as { stack: TestStack; runs: Runs }
  const file = join(import.meta.dirname, '..', 'e2e', 'functions.ts')
  let starting: Promise<TestStack> | undefined
  beforeAll(async () => {
    starting = startTestStack({
      env: { SLUICE_FUNCTIONS_FILE: file, SLUICE_LEASE: '3s', ...env },
      minioEnv,
    })
    used.stack = await starting
    used.runs = createRuns(used.stack)
  })
  afterAll(async () => {
    // Also the one that came up after its time: `beforeAll` has failed then, and the fields are not there.
    const stack = await starting?.catch(() => undefined)
    try {
      ;(used as Partial<typeof used>).runs?.close()
    } finally {
      await stack?.stop()
    }
  })
  return used
}
