import { ulid } from 'ulid'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createAttemptFolder } from '../../runtime/output/attempt-folder.ts'
import { commit } from '../../runtime/output/commit.ts'
import { resultPlace, type ResultPlace } from '../../runtime/output/layout.ts'
import { readVerdict, removeVerdict, writeVerdict, type Verdict } from '../../runtime/output/verdict.ts'
import { StorageError } from '../../runtime/storage/errors.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { listed } from '../helpers/listed.ts'
import { manifestOf } from '../helpers/manifest.ts'
import { useStore } from '../helpers/store.ts'

const store = useStore({ versioned: ['incoming', 'processed', 'metadata'] })
let storage: Storage
let place: ResultPlace

beforeAll(() => {
  storage = store.storage
})

beforeEach(() => {
  const sourceKey = `clip-${ulid()}.mp4`
  place = resultPlace({
    sourceBucket: 'incoming',
    sourceKey,
    functionName: 'chunk',
    outputBucket: 'processed',
  })
})

/** The end of the run of the upload at this second. */
function verdictOf(second: number, differences: Partial<Verdict> = {}): Verdict {
  const lastModified = new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()
  const { source } = manifestOf({ source: { generation: `g${second}`, lastModified } })
  return {
    schema: 1,
    state: 'dead',
    reason: 'no video stream',
    run: `run-${second}`,
    attempt: ulid(),
    epoch: 0,
    function: 'chunk',
    source,
    attempts: 1,
    lastLines: ['moov atom not found'],
    at: '2026-01-01T00:01:00.000Z',
    ...differences,
  }
}

async function succeed(second: number, epoch = 0): Promise<void> {
  const { run, source } = verdictOf(second)
  const attempt = ulid()
  const manifest = manifestOf({ run, attempt, epoch, source })
  const folder = createAttemptFolder(storage, place, attempt)
  await commit({ storage, place, folder, manifest, holdsFence: () => Promise.resolve(true) })
}

const write = (verdict: Verdict) => writeVerdict({ storage, place, note }, verdict)
const note = () => Promise.resolve()
const current = async () => (await readVerdict({ storage, place }))?.verdict

const versions = () => listed(storage.list('metadata', { prefix: place.verdictKey, versions: true }))

describe('a verdict', () => {
  it('is stored beside the function, with all its fields', async () => {
    const verdict = verdictOf(1, { state: 'source-gone', attempts: 3 })
    expect(await write(verdict)).toBe(true)
    expect(place.verdictKey).toMatch(/^clip-.*\/chunk\.verdict\.json$/)
    expect(await current()).toEqual(verdict)
  })

  it('of the newest upload is current, in whatever order 20 are written at a time', async () => {
    await Promise.all([...Array(20).keys()].map((second) => write(verdictOf(second))))
    expect((await current())?.run).toBe('run-19')
  })

  it('is not written again when it is current already', async () => {
    const verdict = verdictOf(1)
    for (const _ of [1, 2]) expect(await write(verdict)).toBe(true)
    expect(await versions()).toHaveLength(1)
    for (const at of ['2026-01-01T00:02:00.000Z', '2026-01-01T00:03:00.000Z'])
      expect(await write({ ...verdict, at })).toBe(true)
    expect(await versions()).toHaveLength(3)
  })

  it('that was written while a result was committed is removed when it is written again after its writer died', async () => {
    const verdict = verdictOf(4)
    await write(verdict)
    await succeed(5)
    expect(await write(verdict)).toBe(false)
    expect(await current()).toBeUndefined()
  })

  it('of a later end of the same run replaces the earlier one, and of an earlier epoch does not', async () => {
    await write(verdictOf(1, { epoch: 3 }))
    expect(await write(verdictOf(1, { epoch: 3, state: 'cancelled' }))).toBe(true)
    expect(await write(verdictOf(1, { epoch: 2 }))).toBe(false)
    expect(await current()).toMatchObject({ state: 'cancelled', epoch: 3 })
  })

  it('is not written beside a result of the run or of a newer upload', async () => {
    await succeed(5)
    expect(await write(verdictOf(5))).toBe(false)
    expect(await write(verdictOf(4, { state: 'superseded' }))).toBe(false)
    expect(await current()).toBeUndefined()
    expect(await write(verdictOf(5, { epoch: 1 }))).toBe(true)
    expect(await write(verdictOf(6))).toBe(true)
  })

  it('does not survive a result that is committed while it is written', async () => {
    const verdict = verdictOf(4, { state: 'superseded' })
    const raced: Storage = {
      ...storage,
      async put(...call) {
        await succeed(5)
        return storage.put(...call)
      },
    }
    expect(await writeVerdict({ storage: raced, place, note }, verdict)).toBe(false)
    expect(await current()).toBeUndefined()
  })

  it('replaces a text that is not a verdict only for the latest upload', async () => {
    await storage.put(
      'metadata',
      place.verdictKey,
      { bytes: Buffer.from('?') },
      { contentType: 'text/plain' },
    )
    expect(await write(verdictOf(1))).toBe(false)
    expect(await readVerdict({ storage, place })).not.toHaveProperty('verdict')
  })
})

describe('after a success', () => {
  it('every older verdict is gone, also older versions', async () => {
    for (const second of [1, 2, 3]) await write(verdictOf(second))
    await removeVerdict({ storage, place }, manifestOf(verdictOf(3)))
    expect(await current()).toBeUndefined()
  })

  it('a verdict of a newer upload or a later epoch stays', async () => {
    await write(verdictOf(6))
    await removeVerdict({ storage, place }, manifestOf(verdictOf(5)))
    expect((await current())?.run).toBe('run-6')
    await write(verdictOf(6, { epoch: 2 }))
    await removeVerdict({ storage, place }, manifestOf(verdictOf(6, { epoch: 1 })))
    expect((await current())?.epoch).toBe(2)
  })

  it('a verdict that cannot be removed does not fail the run, and is reported', async () => {
    await write(verdictOf(1))
    const error = new StorageError('AccessDenied: not yours', { code: 'AccessDenied' })
    const refusing: Storage = { ...storage, remove: () => Promise.reject(error) }
    expect(await removeVerdict({ storage: refusing, place }, manifestOf(verdictOf(1)))).toBe(error.message)
  })

  it('there may be none to remove', async () => {
    await expect(removeVerdict({ storage, place }, manifestOf())).resolves.toBeUndefined()
  })
})
