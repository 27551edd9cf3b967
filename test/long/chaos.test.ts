/**
 * Redis, MinIO, the whole runtime and single workers are killed at random under load from real clients. What was acknowledged
 * is then compared with what lies in the buckets: nothing lost, nothing doubled, nothing half there.
 * `TEST_CHAOS_SECONDS=600` for a longer one.
 */
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { generationOf } from '../../runtime/storage/object-version.ts'
import { resultPlace } from '../../runtime/output/layout.ts'
import { parseManifest, type Manifest } from '../../runtime/output/manifest.ts'
import { runIdOf } from '../../runtime/queue/keys.ts'
import type { ListedObject } from '../../runtime/storage/storage.ts'
import { useStack } from '../helpers/runs.ts'
import { random } from '../helpers/seed.ts'
import { sha256Hex } from '../helpers/sha256.ts'
import { waitFor } from '../helpers/wait.ts'
import { uploadUntil, type Upload } from './chaos-load.ts'

const SECONDS = Number(process.env['TEST_CHAOS_SECONDS'] ?? 60)

const used = useStack({
  SLUICE_FUNCTIONS_FILE: join(import.meta.dirname, 'chaos-functions.ts'),
  SLUICE_WORKERS: '2',
  SLUICE_DRAIN: '2s',
  SLUICE_SWEEP_EVERY: '5s',
  SLUICE_SWEEP_GRACE: '5s',
})

const restart = (name: 'redis' | 'minio' | 'runtime') => async () => {
  used.stack[name].kill('SIGKILL')
  await used.stack[name].start()
}
const VICTIMS: Readonly<Record<string, () => Promise<void>>> = {
  redis: restart('redis'),
  minio: restart('minio'),
  'the runtime': restart('runtime'),
  'redis and minio': async () => void (await Promise.all([restart('redis')(), restart('minio')()])),
  'a worker': () => killChild('work'),
  'the intake': () => killChild('serve'),
}

async function killChild(kind: string): Promise<void> {
  const [pid] = await used.stack.childPids(kind)
  // It may have died just now, by the one before.
  if (pid !== undefined) process.kill(pid, 'SIGKILL')
}

async function killAtRandom(signal: AbortSignal): Promise<number> {
  const choose = random('chaos')
  let kills = 0
  while (!signal.aborted) {
    // The pace of the chaos; nothing is awaited by it.
    await pause(1_000 + choose.below(4_000), undefined, { signal }).catch(() => undefined)
    if (signal.aborted) break
    const victim = choose.pick(Object.keys(VICTIMS))
    process.stderr.write(`chaos: kill -9 of ${victim}\n`)
    await VICTIMS[victim]?.()
    kills++
  }
  return kills
}

let uploads: readonly Upload[] = []
let kills = 0
let latest: readonly ListedObject[] = []

beforeAll(
  async () => {
    const signal = AbortSignal.timeout(SECONDS * 1_000)
    ;[uploads, kills] = await Promise.all([uploadUntil(used.stack, signal), killAtRandom(signal)])
    const listed: ListedObject[] = []
    for await (const object of used.stack.storage.list('incoming', { versions: true })) {
      if (object.isLatest && !object.isDeleteMarker) listed.push(object)
    }
    latest = listed
    const acknowledged = uploads.filter(({ isAcknowledged }) => isAcknowledged).length
    process.stderr.write(
      `chaos: ${kills} kills, ${uploads.length} uploads begun, ${acknowledged} acknowledged, ${latest.length} objects\n`,
    )
  },
  SECONDS * 1_000 + 300_000,
)

const placeOf = (sourceKey: string) =>
  resultPlace({ sourceBucket: 'incoming', sourceKey, functionName: 'parts', outputBucket: 'processed' })

/** The result of exactly the version that is the latest; its files are compared with it to the last byte. */
async function wholeResult({ key, ...version }: ListedObject): Promise<string | undefined> {
  const text = await used.stack.storage.readText('processed', placeOf(key).manifestKey)
  const manifest = text && parseManifest(text.text)
  if (!manifest || manifest.source.generation !== generationOf(version)) return undefined
  const texts = await Promise.all(manifest.files.map((file) => readFile(file)))
  const told = texts.find((each) => each.startsWith('{')) ?? '{}'
  return (JSON.parse(told) as { sha256?: string }).sha256
}

async function readFile({ key, sha256 }: Manifest['files'][number]): Promise<string> {
  const found = await used.stack.storage.readText('processed', key)
  if (!found || sha256Hex(found.text) !== sha256) throw new Error(`${key} is not what its manifest names`)
  return found.text
}

describe('after kill -9 of everything, again and again', () => {
  it('every object that is there has a whole result, by itself', async () => {
    expect(kills).toBeGreaterThan(SECONDS / 20)
    expect(latest.length).toBeGreaterThan(SECONDS / 4)
    const owed = new Set(latest)
    await waitFor(
      async () => {
        for (const object of owed) if (await wholeResult(object)) owed.delete(object)
        return owed.size === 0
      },
      { timeoutMs: 180_000, intervalMs: 1_000, what: 'a result of each object' },
    ).catch(async (error: Error) => {
      const [first] = [...owed].map(({ key }) => key)
      const all = first === undefined ? [] : await used.runs.of(first)
      throw new Error(`${owed.size} without, such as ${first}: ${JSON.stringify(all)}`, { cause: error })
    })
  })

  it('lost nothing: every acknowledged object exists, with exactly these bytes', async () => {
    const sha256Of = new Map<string, string | undefined>()
    for (const object of latest) sha256Of.set(object.key, await wholeResult(object))
    const own = uploads.filter(({ key, isAcknowledged }) => isAcknowledged && !key.startsWith('shared/'))
    expect(own.length).toBeGreaterThan(0)
    expect(own.filter(({ key, sha256 }) => sha256Of.get(key) !== sha256)).toEqual([])
    // Of keys that all overwrite, only the store knows which came last: it is one of theirs.
    const shared = uploads.filter(({ key }) => key.startsWith('shared/'))
    const strange = [...sha256Of].filter(
      ([key, sha256]) =>
        key.startsWith('shared/') && !shared.some((upload) => upload.key === key && upload.sha256 === sha256),
    )
    expect(strange).toEqual([])
  })

  it('doubled nothing: every version has one run, which was committed once', async () => {
    const commits = new Map<string, number>()
    for await (const { key, versionId, isDeleteMarker } of used.stack.storage.list('processed', {
      versions: true,
    })) {
      if (isDeleteMarker || !key.endsWith('/parts/manifest.json')) continue
      const text = await used.stack.storage.readText('processed', key, { ...(versionId && { versionId }) })
      const run = parseManifest(text?.text ?? '')?.run ?? 'none'
      commits.set(run, (commits.get(run) ?? 0) + 1)
    }
    const expected = latest.map(({ key, ...version }) =>
      runIdOf('parts', 'incoming', key, generationOf(version)),
    )
    expect(expected.filter((run) => commits.get(run) !== 1)).toEqual([])
    expect([...commits].filter(([, count]) => count !== 1)).toEqual([])
  })

  it('left nothing under way', async () => {
    const isEmpty = async () => {
      const metrics = await (await fetch(`${used.stack.apiUrl}/metrics`)).text()
      const counts = [...metrics.matchAll(/^sluice_queue_depth\{[^}]*state="(\w+)"\} (\d+)/gm)]
      return counts.length > 0 && counts.every(([, state, count]) => state === 'dead' || count === '0')
    }
    expect(await waitFor(isEmpty, { timeoutMs: 60_000, what: 'the queue to be empty' })).toBe(true)
  })
})
