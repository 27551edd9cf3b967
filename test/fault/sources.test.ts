/** P12: sources that are overwritten, deleted and restored while they wait and while they are worked on. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { provision } from '../../infra/local/servers/runtime.ts'
import { generationOf } from '../../runtime/storage/object-version.ts'
import { resultPlace } from '../../runtime/output/layout.ts'
import { parseManifest } from '../../runtime/output/manifest.ts'
import { versionsOf } from '../../runtime/output/removal.ts'
import { createApiClient } from '../helpers/api.ts'
import { useStack } from '../helpers/runs.ts'
import { random } from '../helpers/seed.ts'
import { sha256Hex } from '../helpers/sha256.ts'
import { waitFor } from '../helpers/wait.ts'
import { watchFault } from './faults.ts'
import { MOMENTS, type Moment } from './halves-functions.ts'

const gates = join(tmpdir(), `sluice-gates-${process.pid}`)
const used = useStack({
  SLUICE_FUNCTIONS_FILE: join(import.meta.dirname, 'halves-functions.ts'),
  TEST_GATES: gates,
  SLUICE_WORKERS: '2',
})
const api = createApiClient(() => used.stack)
/** More than the runtime, the system and MinIO read ahead. */
const LARGE_BYTES = 24 * 1_024 * 1_024
const FUNCTIONS = { incoming: 'halves', plain: 'plain' } as const
type Bucket = keyof typeof FUNCTIONS

/** What was ever put at a key: a result of anything else is made of mixed bytes. */
const uploaded = new Map<string, Set<string>>()

beforeAll(async () => {
  await mkdir(gates, { recursive: true })
  await used.stack.mc.run('rb', '--force', 'root/plain')
  await used.stack.mc.run('mb', 'root/plain')
  const { env, credentials, mc } = used.stack
  await provision({ env, credentials, mcProgram: mc.program })
  return () => rm(gates, { recursive: true, force: true })
})

async function put(bucket: Bucket, key: string, body: Buffer): Promise<void> {
  uploaded.set(key, (uploaded.get(key) ?? new Set()).add(sha256Hex(body)))
  await used.stack.storage.put(bucket, key, { bytes: body }, { contentType: 'application/octet-stream' })
}

const versions = (key: string) => versionsOf(used.stack.storage, 'incoming', key)
const remove = (bucket: Bucket, key: string, versionId?: string) =>
  used.stack.storage.remove(bucket, key, { ...(versionId && { versionId }) })

async function removeNewest(key: string): Promise<void> {
  const [newest] = await versions(key)
  if (newest?.versionId) await remove('incoming', key, newest.versionId)
}

const ACTIONS: Readonly<
  Record<string, { buckets: readonly Bucket[]; run: (bucket: Bucket, key: string) => Promise<void> }>
> = {
  'is overwritten': {
    buckets: ['incoming', 'plain'],
    run: (bucket, key) => put(bucket, key, randomBytes(LARGE_BYTES)),
  },
  'is deleted': { buckets: ['incoming', 'plain'], run: (bucket, key) => remove(bucket, key) },
  'is deleted and uploaded again': {
    buckets: ['incoming', 'plain'],
    async run(bucket, key) {
      await remove(bucket, key)
      await put(bucket, key, randomBytes(1_000))
    },
  },
  'is deleted for good': { buckets: ['incoming'], run: (_, key) => removeNewest(key) },
  'is deleted and taken back': {
    buckets: ['incoming'],
    async run(bucket, key) {
      await remove(bucket, key)
      await removeNewest(key)
    },
  },
  'is overwritten, and that is undone': {
    buckets: ['incoming'],
    async run(bucket, key) {
      await put(bucket, key, randomBytes(1_000))
      await removeNewest(key)
    },
  },
}

/** What is true of a key in the end, whatever was done to it; undefined while it is not yet. */
async function truth(bucket: Bucket, key: string): Promise<{ state: 'result' | 'none' } | undefined> {
  const all = await used.runs.of(key)
  if (all.length === 0 || !all.every(({ endedAtMs }) => endedAtMs !== undefined)) return undefined
  expect(all.map(({ state }) => state).filter((state) => state === 'dead' || state === 'cancelled')).toEqual(
    [],
  )
  const place = resultPlace({
    sourceBucket: bucket,
    sourceKey: key,
    functionName: FUNCTIONS[bucket],
    outputBucket: 'processed',
  })
  const text = await used.stack.storage.readText('processed', place.manifestKey)
  const manifest = text && parseManifest(text.text)
  if (text && !manifest) throw new Error('what stands there is no manifest')
  if (manifest) {
    const [file] = manifest.files
    const told = await used.stack.storage.readText('processed', file?.key ?? '')
    const { sha256 = '' } = JSON.parse(told?.text ?? '{}') as { sha256?: string }
    if (sha256Hex(told?.text ?? '') !== file?.sha256) throw new Error('a file is not what its manifest names')
    if (!uploaded.get(key)?.has(sha256)) throw new Error('the result is of bytes that nobody has uploaded so')
  }
  const [latest] =
    bucket === 'incoming' ? await versions(key) : await versionsOf(used.stack.storage, bucket, key)
  if (!latest || latest.isDeleteMarker) return { state: 'none' }
  return manifest && manifest.source.generation === generationOf(latest) ? { state: 'result' } : undefined
}

const settled = (bucket: Bucket, key: string) =>
  waitFor(() => truth(bucket, key), { timeoutMs: 90_000, what: `the truth about ${bucket}/${key}` })

async function hold(
  key: string,
  moment: Moment,
): Promise<{ here: () => Promise<void>; open: () => Promise<void> }> {
  const gate = join(gates, `${key}.${moment}`)
  await writeFile(gate, '')
  return {
    here: async () => {
      await waitFor(async () => existsSync(`${gate}.here`), {
        timeoutMs: 30_000,
        what: `the handler to be ${moment}`,
      })
    },
    open: () => rm(gate),
  }
}

const CASES = MOMENTS.flatMap((moment) =>
  Object.entries(ACTIONS).flatMap(([what, { buckets }]) =>
    buckets.map((bucket) => ({ moment, what, bucket })),
  ),
)

/** All at once: MinIO lets an overwriting PUT wait for who reads the key, half a minute at most. */
const outcomes = new Map<string, Promise<'result' | 'none' | Error>>()

async function play({ moment, what, bucket }: (typeof CASES)[number]): Promise<'result' | 'none'> {
  const key = `${bucket}-${what}-${moment}`.replaceAll(/[^a-z]+/g, '-')
  const gate = await hold(key, moment)
  await put(bucket, key, randomBytes(LARGE_BYTES))
  await gate.here()
  await ACTIONS[what]?.run(bucket, key)
  await gate.open()
  return (await settled(bucket, key)).state
}

describe('an upload that changes while it is worked on', () => {
  beforeAll(() => {
    for (const each of CASES)
      outcomes.set(
        JSON.stringify(each),
        play(each).catch((error: Error) => error),
      )
  })

  it.each(CASES)('$what $moment ($bucket): whole bytes of the latest, or nothing', async (each) => {
    const isGone = each.what === 'is deleted' || each.what === 'is deleted for good'
    expect(await outcomes.get(JSON.stringify(each))).toBe(isGone ? 'none' : 'result')
  })
})

describe('an upload that changes while it waits', () => {
  const pause = (what: 'pause' | 'resume') => api.ask('POST', `/functions/halves/${what}`)

  it.each([
    { fault: 'source overwritten', what: 'is overwritten' },
    { fault: 'source deleted', what: 'is deleted' },
  ] as const)('$what: a metric tells that its run did nothing', async ({ fault, what }) => {
    const told = await watchFault(used.stack, fault)
    const key = what.replaceAll(' ', '-')
    expect((await pause('pause')).status).toBe(200)
    try {
      await put('incoming', key, randomBytes(1_000))
      await used.runs.reached(key, 'queued')
      await ACTIONS[what]?.run('incoming', key)
    } finally {
      await pause('resume')
    }
    await settled('incoming', key)
    await told()
  })
})

describe('four writers on one key at once', () => {
  it('end with the result of what is the latest then', async () => {
    const choose = random('writers')
    const keys = ['crowded-a', 'crowded-b', 'crowded-c']
    const acts = [
      (key: string) => put('incoming', key, randomBytes(200 + choose.below(20_000))),
      (key: string) => put('incoming', key, randomBytes(200 + choose.below(20_000))),
      (key: string) => remove('incoming', key),
      removeNewest,
    ]
    const write = async (writer: number) => {
      const own = random(`writer ${writer}`)
      for (let turn = 0; turn < 15; turn++) await own.pick(acts)(own.pick(keys))
    }
    await Promise.all([1, 2, 3, 4].map(write))
    // So that each key has a latest version whatever came last.
    await put('incoming', 'crowded-c', randomBytes(500))
    for (const key of keys) await settled('incoming', key)
    expect(await truth('incoming', 'crowded-c')).toEqual({ state: 'result' })
  })
})
