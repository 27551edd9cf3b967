/** Results that somebody removes on purpose, on a real Redis and MinIO: they stay removed, and no upload is taken for them. */
import { expect, it } from 'vitest'
import { defineFunction, type FunctionDefinition } from '../../runtime/function/definition.ts'
import { placeOf } from '../../runtime/output/layout.ts'
import { removeVersions, versionsOf } from '../../runtime/output/removal.ts'
import { readVerdict, writeVerdict, type VerdictState } from '../../runtime/output/verdict.ts'
import { runIdOf } from '../../runtime/queue/keys.ts'
import { steps } from '../../runtime/upkeep/sweep/pass.ts'
import { recordAnnouncedRemoval } from '../../runtime/upkeep/sweep/removals.ts'
import { manifestOf } from '../helpers/manifest.ts'
import { useSweep } from '../helpers/sweep.ts'
import { changeFacts } from '../helpers/packed-run.ts'

const used = useSweep({ plain: ['flat'], versioned: ['incoming', 'processed', 'metadata'] }, [
  'made',
  'other',
])
const { fullPass, partsOf, put, runAll } = used
const writer = (outputBucket: string) =>
  defineFunction(
    { name: 'made', version: '1', on: { bucket: 'incoming' }, output: { bucket: outputBucket } },
    () => new Response(),
  )
const made = writer('processed')
const BODY = { contentType: 'application/json' }

/** An upload, and the result of it that a run has left which Redis knows nothing of. */
async function done(key: string, definition: FunctionDefinition = made): Promise<string> {
  const generation = await put('incoming', key)
  await leaveResult(key, generation, definition)
  return generation
}

async function leaveResult(key: string, generation: string, definition: FunctionDefinition = made) {
  const run = runIdOf(definition.name, 'incoming', key, generation)
  const text = JSON.stringify(manifestOf({ run, source: { bucket: 'incoming', key, generation } }))
  const { bucket, manifestKey } = placeOf(definition, { bucket: 'incoming', key })
  await used.storage.put(bucket, manifestKey, { bytes: Buffer.from(text) }, BODY)
}

/** An upload whose run has succeeded, as far as Redis knows, and its result. */
async function succeeded(key: string, definition: FunctionDefinition): Promise<string> {
  await put('incoming', key)
  expect(await sweep(key, definition)).toEqual(LOST)
  const [runId = ''] = await used.redis.zrange(used.queue.keys.runs, '-1', '-1')
  await changeFacts(used.redis, used.queue.keys, runId, { state: 'succeeded', epoch: 7 })
  await leaveResult(key, (await used.queue.run(runId))!.payload.generation, definition)
  return runId
}

const sweep = async (key: string, definition = made, rest: object = {}) => {
  const { healed, reported } = await runAll(partsOf([definition], rest), await fullPass(key))
  return { healed, reported }
}
const place = (key: string, definition: FunctionDefinition = made) =>
  placeOf(definition, { bucket: 'incoming', key })
const verdictAt = async (key: string, definition?: FunctionDefinition) =>
  (await readVerdict({ storage: used.storage, place: place(key, definition) }))?.verdict
const removeByKey = (key: string, definition?: FunctionDefinition) =>
  used.storage.remove(place(key, definition).bucket, place(key, definition).manifestKey)
async function removeAll(key: string, definition?: FunctionDefinition): Promise<void> {
  const { bucket, manifestKey } = place(key, definition)
  await removeVersions(used.storage, bucket, await versionsOf(used.storage, bucket, manifestKey))
}
/** As the store announces it: see `upkeep/debts.ts`. */
const announced = (key: string, decidedBeforeMs?: number, definition = made) =>
  recordAnnouncedRemoval(
    partsOf([definition]),
    { functionName: 'made', bucket: 'incoming', key },
    decidedBeforeMs,
  )

const NOTHING = { healed: {}, reported: {} }
const REMOVED = { healed: {}, reported: { removed: 1 } }
const LOST = { healed: { 'lost-event': 1 }, reported: {} }

it.each(['processed', 'metadata'])(
  'that lay in %s stay removed, also when their delete marker is forgotten',
  async (bucket) => {
    const definition = writer(bucket)
    const key = `marked in ${bucket}`
    const generation = await done(key, definition)
    expect(await sweep(key, definition)).toEqual(NOTHING)
    await removeByKey(key, definition)
    // What a dry run finds is not written down.
    for await (const _ of steps(partsOf([definition]), await fullPass(key), true));
    expect(await verdictAt(key, definition)).toBeUndefined()
    expect(await sweep(key, definition)).toEqual(REMOVED)
    expect(await verdictAt(key, definition)).toMatchObject({
      state: 'removed',
      run: runIdOf('made', 'incoming', key, generation),
      reason: expect.stringContaining(`sluice reprocess 'incoming/${key}' makes`),
    })
    const { verdictKey } = place(key, definition)
    const written = await versionsOf(used.storage, 'metadata', verdictKey)
    await removeAll(key, definition)
    expect(await sweep(key, definition)).toEqual(REMOVED)
    expect(await versionsOf(used.storage, 'metadata', verdictKey)).toEqual(written)
  },
)

it('of runs that Redis remembers stay removed once it has forgotten them, with or without versions', async () => {
  for (const bucket of ['processed', 'flat']) {
    const definition = writer(bucket)
    const key = `remembered ${bucket}`
    const runId = await succeeded(key, definition)
    expect(await sweep(key, definition)).toEqual(NOTHING)
    await removeAll(key, definition)
    expect(await announced(key, undefined, definition)).toBe(true)
    expect(await sweep(key, definition)).toEqual(REMOVED)
    expect(await verdictAt(key, definition)).toMatchObject({ state: 'removed', run: runId, epoch: 7 })
    await used.redis.flushall()
    expect(await sweep(key, definition)).toEqual(REMOVED)
  }
})

it('of runs that Redis remembers are not taken for removed where they lie at an earlier place of their function', async () => {
  const { storage } = used
  const key = 'moved'
  await succeeded(key, made)
  expect(await sweep(key, writer('flat'))).toEqual(NOTHING)
  expect(await verdictAt(key)).toBeUndefined()
  // Such keys had a folder with their own name once.
  const below = 'v1.0/made/clip.mp4'
  await succeeded(below, made)
  const { bucket, manifestKey } = place(below)
  expect(manifestKey).toMatch(/^@/)
  const bytes = Buffer.from((await storage.readText(bucket, manifestKey))!.text)
  await storage.put(bucket, `${below}/made/manifest.json`, { bytes }, BODY)
  await removeAll(below)
  expect(await sweep(below)).toEqual(NOTHING)
  expect(await verdictAt(below)).toBeUndefined()
})

it('whose every version went stay removed when the store has announced it, and a pass had decided about the upload', async () => {
  for (const bucket of ['processed', 'flat']) {
    const definition = writer(bucket)
    const key = `announced ${bucket}`
    await done(key, definition)
    await removeAll(key, definition)
    expect(await announced(key, undefined, definition)).toBe(false)
    expect(await announced(key, Date.now() + 60_000, definition)).toBe(true)
    expect(await sweep(key, definition)).toEqual(REMOVED)
    // Both targets may say it, and it may be said late.
    expect(await announced(key, Date.now() + 60_000, definition)).toBe(false)
  }
})

it('of an older upload say nothing of a newer one that nobody has heard of', async () => {
  const key = 'older'
  await done(key)
  await put('incoming', key)
  await removeByKey(key)
  expect(await announced(key)).toBe(false)
  expect(await sweep(key)).toEqual(LOST)
  const another = 'older, all versions'
  await done(another)
  await put('incoming', another)
  await removeAll(another)
  expect(await announced(another)).toBe(false)
  expect(await sweep(another)).toEqual(LOST)
})

it.each([
  { how: 'a delete marker', remove: removeByKey, decidedBeforeMs: Infinity },
  { how: 'all versions', remove: removeAll, decidedBeforeMs: undefined },
])(
  'of an upload that is gone itself say nothing of the next one, when removed with $how',
  async (removal) => {
    const key = `gone, ${removal.how}`
    await done(key)
    await removeVersions(used.storage, 'incoming', await versionsOf(used.storage, 'incoming', key))
    await put('incoming', key)
    await removal.remove(key)
    expect(await announced(key, removal.decidedBeforeMs)).toBe(false)
    expect(await verdictAt(key)).toBeUndefined()
    expect(await sweep(key)).toEqual(LOST)
  },
)

it('are of the newest upload when a pass had decided about that before', async () => {
  const key = 'decided'
  await put('incoming', key)
  await done(key)
  await removeAll(key)
  expect(await announced(key, Date.now() + 60_000)).toBe(true)
  expect(await sweep(key)).toEqual(REMOVED)
})

it('that come to light again, since their delete marker was removed, take the verdict with them', async () => {
  const key = 'undone'
  await done(key)
  await removeByKey(key)
  expect(await announced(key)).toBe(true)
  const { bucket, manifestKey } = place(key)
  const [marker] = await versionsOf(used.storage, bucket, manifestKey)
  await used.storage.remove(bucket, manifestKey, { versionId: marker?.versionId ?? '' })
  expect(await announced(key)).toBe(false)
  expect(await verdictAt(key)).toBeUndefined()
  expect(await sweep(key)).toEqual(NOTHING)
})

it('leave a place to a new upload, which is run', async () => {
  const key = 'again'
  await done(key)
  await removeByKey(key)
  expect(await sweep(key)).toEqual(REMOVED)
  await put('incoming', key)
  expect(await sweep(key)).toEqual(LOST)
})

it.each<{ state: VerdictState; found: object }>([
  { state: 'dead', found: REMOVED },
  { state: 'superseded', found: LOST },
])(
  'a verdict $state that was removed keeps its upload from another run only where it had ended the run for good',
  async ({ state, found }) => {
    const key = `verdict ${state}`
    const generation = await put('incoming', key)
    const { source } = manifestOf({ source: { bucket: 'incoming', key, generation } })
    const run = runIdOf('made', 'incoming', key, generation)
    const facts = { schema: 1 as const, reason: 'x', attempt: '', epoch: 0, attempts: 1, lastLines: [] }
    const verdict = { ...facts, state, run, function: 'made', source, at: new Date().toISOString() }
    await writeVerdict({ storage: used.storage, place: place(key), note: () => Promise.resolve() }, verdict)
    await used.storage.remove('metadata', place(key).verdictKey)
    expect(await sweep(key)).toEqual(found)
  },
)

it('are not made again, and not recorded, when their upload is older than results are kept', async () => {
  const key = 'expired'
  await done(key)
  await removeAll(key)
  const kept = { resultsKeptMs: 0 }
  expect(await sweep(key, made, kept)).toEqual({ healed: {}, reported: { 'past-keeping': 1 } })
  expect(await verdictAt(key)).toBeUndefined()
  expect(await sweep(key)).toEqual(LOST)
})

it('a source that its function would have removed is reported when Redis has forgotten that', async () => {
  const eating = defineFunction(
    { name: 'made', version: '1', on: { bucket: 'incoming' }, afterSuccess: 'remove' },
    () => new Response(),
  )
  await done('eaten', eating)
  expect(await sweep('eaten', eating)).toEqual({ healed: {}, reported: { 'source-stays': 1 } })
  expect(await used.storage.head('incoming', 'eaten')).toBeDefined()
})
