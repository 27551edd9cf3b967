import { ulid } from 'ulid'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Logger } from '../../runtime/telemetry/logger.ts'
import { createAttemptFolder } from '../../runtime/output/attempt-folder.ts'
import { createAttemptOutput } from '../../runtime/output/attempt-output.ts'
import { commit, findCommitted, type CommitRequest } from '../../runtime/output/commit.ts'
import { attemptFolder, resultPlace, type ResultPlace } from '../../runtime/output/layout.ts'
import { parseManifest, type Manifest, type ManifestSource } from '../../runtime/output/manifest.ts'
import { StorageError } from '../../runtime/storage/errors.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { listed } from '../helpers/listed.ts'
import { manifestOf, type ManifestDifferences } from '../helpers/manifest.ts'
import { useStore } from '../helpers/store.ts'
import { waitFor } from '../helpers/wait.ts'

const store = useStore({ versioned: ['incoming', 'processed', 'metadata'] })
let storage: Storage
let place: ResultPlace
let key: string

beforeAll(() => {
  storage = store.storage
})

beforeEach(() => {
  key = `clip-${ulid()}.mp4`
  place = resultPlace({
    sourceBucket: 'incoming',
    sourceKey: key,
    functionName: 'chunk',
    outputBucket: 'processed',
  })
})

/** An attempt that has sent its file and is about to commit. */
async function readyToCommit(
  differences: ManifestDifferences = {},
  more: Partial<CommitRequest> = {},
): Promise<CommitRequest> {
  const attempt = differences.attempt ?? ulid()
  const output = createAttemptOutput({ storage, place, attempt })
  await output.json({ attempt }, { name: 'facts.json', role: 'facts', pointer: 'facts.json' })
  const source = { key, ...differences.source }
  const manifest = manifestOf({ ...(await output.close()), ...differences, attempt, source })
  const folder = createAttemptFolder(storage, place, attempt)
  return { storage, place, folder, manifest, holdsFence: () => Promise.resolve(true), ...more }
}

async function upload(text: string): Promise<ManifestSource> {
  const { etag } = await storage.put(
    'incoming',
    key,
    { bytes: Buffer.from(text) },
    { contentType: 'video/mp4' },
  )
  const [version] = await listed(storage.list('incoming', { prefix: key, versions: true }))
  if (version?.versionId === undefined) throw new Error(`no version of ${key} is listed`)
  return {
    bucket: 'incoming',
    key,
    generation: version.versionId,
    versionId: version.versionId,
    etag,
    sizeBytes: version.sizeBytes,
    lastModified: new Date(version.lastModifiedMs).toISOString(),
  }
}

async function current(): Promise<Manifest> {
  const manifest = parseManifest((await storage.readText('processed', place.manifestKey))?.text ?? '')
  if (!manifest) throw new Error(`${place.manifestKey} is no manifest`)
  return manifest
}

async function pointer(name: string): Promise<unknown> {
  const found = await storage.readText('processed', `${place.folder}${name}`)
  return found && JSON.parse(found.text)
}

async function filesOf(attempt: string): Promise<string[]> {
  const prefix = attemptFolder(place, attempt)
  return (await listed(storage.list('processed', { prefix, versions: true }))).map((object) => object.key)
}

it('sends nothing after it was aborted while the fence was checked, and its folder may be removed', async () => {
  const stopping = new AbortController()
  const request = await readyToCommit()
  const holdsFence = async () => {
    stopping.abort(new Error('the lease could not be renewed'))
    return true
  }
  await expect(commit({ ...request, wasVacant: true, signal: stopping.signal, holdsFence })).rejects.toThrow(
    /lease/,
  )
  expect(await request.folder.discard()).toBe(true)
})

describe('a place that is thought to be vacant', () => {
  it('with an older upload’s result gets the new one, pointers included', async () => {
    const older = await readyToCommit({ source: await upload('older') })
    await commit(older)
    const newer = await readyToCommit(
      { run: 'b'.repeat(32), source: await upload('newer') },
      { wasVacant: true },
    )
    expect(await commit(newer)).toEqual({ kind: 'committed' })
    expect((await current()).attempt).toBe(newer.manifest.attempt)
    expect(await pointer('facts.json')).toEqual({ attempt: newer.manifest.attempt })
  })

  it('with the same run’s result keeps it, and the needless attempt’s files go', async () => {
    const source = await upload('once')
    const first = await readyToCommit({ source })
    await commit(first)
    const again = await readyToCommit({ source }, { wasVacant: true })
    expect(await commit(again)).toMatchObject({ kind: 'adopted', by: { attempt: first.manifest.attempt } })
    expect(await filesOf(again.manifest.attempt)).toEqual([])
  })
})

describe('a race', () => {
  it('of 20 attempts of one run has one winner, whom the others adopt, and no half results', async () => {
    const attempts = await Promise.all([...Array(20).keys()].map(() => readyToCommit()))
    const outcomes = await Promise.all(attempts.map(commit))
    expect(outcomes.filter((outcome) => outcome.kind === 'committed')).toHaveLength(1)
    expect(outcomes.filter((outcome) => outcome.kind === 'adopted')).toHaveLength(19)
    const winner = await current()
    expect(outcomes[attempts.findIndex(({ manifest }) => manifest.attempt === winner.attempt)]?.kind).toBe(
      'committed',
    )
    for (const { manifest } of attempts) {
      const expected = manifest.attempt === winner.attempt ? winner.files.map((file) => file.key) : []
      expect(await filesOf(manifest.attempt)).toEqual(expected)
    }
    expect(await pointer('facts.json')).toEqual({ attempt: winner.attempt })
  })

  it('of 20 uploads of one key ends with the newest, whatever the order', async () => {
    const attempts = await Promise.all(
      [...Array(20).keys()].map((n) =>
        readyToCommit({
          run: `run-${n}`,
          source: {
            generation: `g${n}`,
            lastModified: new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toISOString(),
          },
        }),
      ),
    )
    const outcomes = await Promise.all(attempts.map(commit))
    const winner = await current()
    expect(winner.run).toBe('run-19')
    expect(outcomes[19]?.kind).toBe('committed')
    for (const file of winner.files) expect(await storage.head('processed', file.key)).toBeDefined()
    expect(await pointer('facts.json')).toEqual({ attempt: winner.attempt })
  })
})

describe('which result stays', () => {
  it('a reprocessing replaces the result of the same run, and a late earlier attempt adopts it', async () => {
    const [first, second, late] = [
      await readyToCommit(),
      await readyToCommit({ epoch: 7 }),
      await readyToCommit(),
    ]
    expect(await commit(first)).toEqual({ kind: 'committed' })
    expect(await commit(second)).toEqual({ kind: 'committed' })
    expect(await commit(late)).toMatchObject({ kind: 'adopted', by: { epoch: 7 } })
    expect((await current()).epoch).toBe(7)
    expect(await filesOf(late.manifest.attempt)).toEqual([])
  })

  it('an older upload is superseded, unless the store has made it the latest again', async () => {
    const old = await upload('old')
    const young = await upload('young')
    expect(await commit(await readyToCommit({ run: 'young', source: young }))).toEqual({ kind: 'committed' })
    const late = await readyToCommit({ run: 'old', source: old })
    expect(await commit(late)).toMatchObject({ kind: 'superseded', by: { run: 'young' } })
    expect(await filesOf(late.manifest.attempt)).toEqual([])
    if (young.versionId) await storage.remove('incoming', key, { versionId: young.versionId })
    expect(await commit(await readyToCommit({ run: 'old', source: old }))).toEqual({ kind: 'committed' })
    expect((await current()).run).toBe('old')
  })

  it('a text that is not a manifest is replaced only by the latest upload, which reports it', async () => {
    const old = await upload('old')
    const latest = await upload('latest')
    const foreign = Buffer.from('{"mine": tru')
    await storage.put('processed', place.manifestKey, { bytes: foreign }, { contentType: 'text/plain' })
    expect(await commit(await readyToCommit({ run: 'old', source: old }))).toEqual({
      kind: 'superseded',
      by: 'foreign',
    })
    expect(await commit(await readyToCommit({ run: 'latest', source: latest }))).toEqual({
      kind: 'committed',
    })
    expect((await current()).warnings.join()).toMatch(/was not a manifest.*; it was replaced/)
    const versions = await listed(storage.list('processed', { prefix: place.manifestKey, versions: true }))
    expect(versions.map((version) => version.sizeBytes)).toContain(foreign.length)
  })

  it('a manifest of a later schema is judged by its own identity, and not overwritten', async () => {
    const later = {
      ...manifestOf({ run: 'later', source: await upload('x') }),
      schema: 2,
      files: 'elsewhere',
    }
    const bytes = Buffer.from(JSON.stringify(later))
    await storage.put('processed', place.manifestKey, { bytes }, { contentType: 'application/json' })
    expect(await commit(await readyToCommit({ run: 'later' }))).toMatchObject({ kind: 'adopted' })
    const older = { lastModified: '2020-01-01T00:00:00.000Z' }
    expect(await commit(await readyToCommit({ run: 'old', source: older }))).toMatchObject({
      kind: 'superseded',
    })
  })

  it('a manifest that was deleted is written again', async () => {
    await commit(await readyToCommit())
    await storage.remove('processed', place.manifestKey)
    expect(await commit(await readyToCommit())).toEqual({ kind: 'committed' })
  })
})

describe('a worker that is late', () => {
  it('writes nothing when another attempt has the fence, and removes its files', async () => {
    const request = await readyToCommit({}, { holdsFence: () => Promise.resolve(false) })
    expect(await commit(request)).toEqual({ kind: 'fenced' })
    expect(await storage.head('processed', place.manifestKey)).toBeUndefined()
    expect(await filesOf(request.manifest.attempt)).toEqual([])
  })

  it('cannot write with an expired URL after a pause, and checks the fence again', async () => {
    let asked = 0
    const holdsFence = async () => {
      if (++asked > 1) return false
      const startedMs = performance.now()
      await waitFor(async () => performance.now() - startedMs > 3_500, {
        timeoutMs: 9_000,
        what: 'the end of the nap',
      })
      return true
    }
    expect(await commit(await readyToCommit({}, { holdsFence, signedSeconds: 2 }))).toEqual({
      kind: 'fenced',
    })
    expect(asked).toBe(2)
    expect(await storage.head('processed', place.manifestKey)).toBeUndefined()
  })

  it('recognises its own manifest when the reply was lost, even without the fence, and deletes nothing', async () => {
    let owns = true
    const lossy: Storage = {
      ...storage,
      async putSigned(...put) {
        await storage.putSigned(...put)
        owns = false
        throw new StorageError('the reply was lost', { code: 'ECONNRESET' })
      },
    }
    const request = await readyToCommit({}, { storage: lossy, holdsFence: () => Promise.resolve(owns) })
    expect(await commit(request)).toEqual({ kind: 'committed' })
    expect(await filesOf(request.manifest.attempt)).toEqual(request.manifest.files.map((file) => file.key))
  })

  it('keeps its files when its manifest may still arrive', async () => {
    let owns = true
    const hanging: Storage = {
      ...storage,
      putSigned() {
        owns = false
        return Promise.reject(new StorageError('nothing moved', { code: 'ETIMEDOUT' }))
      },
    }
    const request = await readyToCommit({}, { storage: hanging, holdsFence: () => Promise.resolve(owns) })
    expect(await commit(request)).toEqual({ kind: 'fenced' })
    expect(await filesOf(request.manifest.attempt)).toHaveLength(1)
    expect(await request.folder.discard()).toBe(false)
  })
})

it('lets caches keep the files of an attempt, and none of what is written again', async () => {
  const request = await readyToCommit()
  await commit(request)
  const [file = ''] = await filesOf(request.manifest.attempt)
  const cachingOf = async (key: string) =>
    (await store.requester.call({ method: 'HEAD', bucket: 'processed', key })).headers['cache-control']
  expect(await cachingOf(file)).toBe('public, max-age=31536000, immutable')
  expect(await cachingOf(place.manifestKey)).toBe('no-cache')
  expect(await cachingOf(`${place.folder}facts.json`)).toBe('no-cache')
})

describe('pointers', () => {
  it('show the newest result, and are removed with a result that does not have them', async () => {
    await commit(await readyToCommit())
    expect(await pointer('facts.json')).toBeDefined()
    await commit(await readyToCommit({ epoch: 1, pointers: {}, files: [] }))
    expect(await pointer('facts.json')).toBeUndefined()
  })

  it('are repaired by the next process that finds the run done', async () => {
    const request = await readyToCommit()
    await commit(request)
    await storage.remove('processed', `${place.folder}facts.json`)
    const run = { storage, place, run: request.manifest.run }
    const by = { attempt: request.manifest.attempt }
    expect(await findCommitted({ ...run, epoch: 0 })).toMatchObject({ kind: 'done', by })
    expect(await pointer('facts.json')).toEqual({ attempt: request.manifest.attempt })
    expect(await findCommitted({ ...run, epoch: 1 })).toEqual({ kind: 'another' })
    expect(await findCommitted({ ...run, run: 'another', epoch: 0 })).toEqual({ kind: 'another' })
  })

  it('do not undo a committed result when they fail: the next process that finds it repairs them', async () => {
    const request = await readyToCommit()
    const [run, attempt] = [request.manifest.run, request.manifest.attempt]
    const owed = expect.stringMatching(/AccessDenied/)
    const outcome = await commit({ ...request, storage: withoutPointers() })
    expect(outcome).toEqual({ kind: 'committed', pointersOwed: owed })
    expect((await current()).attempt).toBe(attempt)
    const warnings: unknown[] = []
    const log = { warn: (facts: unknown) => warnings.push(facts) } as unknown as Logger
    const found = await findCommitted({ storage: withoutPointers(), place, run, epoch: 0, log })
    expect(found).toMatchObject({ kind: 'done', by: { attempt } })
    expect(warnings).toEqual([{ error: owed }])
    const late = await readyToCommit({}, { storage: withoutPointers() })
    expect(await commit(late)).toMatchObject({ kind: 'adopted', by: { attempt }, pointersOwed: owed })
    expect(await pointer('facts.json')).toBeUndefined()
    expect(await commit(await readyToCommit())).toEqual({
      kind: 'adopted',
      by: expect.objectContaining({ attempt }),
    })
    expect(await pointer('facts.json')).toEqual({ attempt })
  })

  it('are repaired later too when the attempt was aborted while its manifest was written', async () => {
    const stop = new AbortController()
    const stopped: Storage = {
      ...storage,
      async putSigned(...put) {
        await storage.putSigned(...put)
        stop.abort(new Error('the worker is stopping'))
        throw new StorageError('aborted', { code: 'ABORT_ERR' })
      },
    }
    const request = await readyToCommit({}, { storage: stopped, signal: stop.signal })
    expect(await commit(request)).toEqual({
      kind: 'committed',
      pointersOwed: expect.stringMatching(/stopping/),
    })
    expect((await current()).attempt).toBe(request.manifest.attempt)
  })

  it('are retried before they are left for later', async () => {
    const request = await readyToCommit()
    expect(await commit({ ...request, storage: withoutPointers(2) })).toEqual({ kind: 'committed' })
    expect(await pointer('facts.json')).toEqual({ attempt: request.manifest.attempt })
  })
})

it('files that cannot be deleted do not change the outcome of a commit', async () => {
  const first = await readyToCommit()
  await commit(first)
  const refusing = { ...storage, remove: () => Promise.reject(refusal) }
  const late = await readyToCommit()
  const folder = createAttemptFolder(refusing, place, late.manifest.attempt)
  expect(await commit({ ...late, folder })).toMatchObject({ kind: 'adopted' })
})

const refusal = new StorageError('AccessDenied: not yours', { code: 'AccessDenied', statusCode: 403 })

/** A store that refuses the first `times` writes beside the manifest. */
function withoutPointers(times = Infinity): Storage {
  let left = times
  return {
    ...storage,
    put: (bucket, key, ...rest) =>
      key === `${place.folder}facts.json` && left-- > 0
        ? Promise.reject(refusal)
        : storage.put(bucket, key, ...rest),
  }
}
