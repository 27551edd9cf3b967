import { encodeTime, ulid } from 'ulid'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { defineFunction } from '../../runtime/index.ts'
import { attemptFolder, resultPlace, type ResultPlace } from '../../runtime/output/layout.ts'
import { manifestText } from '../../runtime/output/manifest.ts'
import { StorageError } from '../../runtime/storage/errors.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { createTestJanitor, type TestJanitorOptions } from '../helpers/janitor.ts'
import { listed } from '../helpers/listed.ts'
import { manifestOf } from '../helpers/manifest.ts'
import { FN, newRunOf, useQueue } from '../helpers/queue.ts'
import { useStore } from '../helpers/store.ts'

const cut = defineFunction({ name: FN, version: '1', on: { bucket: 'incoming' } }, (c) => c.json({}))
const look = defineFunction(
  { name: 'look', version: '1', on: { bucket: 'incoming' }, output: { bucket: 'metadata' } },
  (c) => c.json({}),
)
const own = defineFunction(
  { name: 'own', version: '1', on: { bucket: 'mixed' }, output: { bucket: 'mixed' } },
  (c) => c.json({}),
)

const used = useQueue()
const store = useStore({ versioned: ['processed', 'metadata'], plain: ['mixed'] })
let storage: Storage
let sourceKey: string
let place: ResultPlace
let number = 0

beforeAll(() => {
  storage = store.storage
})
beforeEach(() => {
  sourceKey = `clip-${number++}.mp4`
  place = placeOf(sourceKey)
})

const placeOf = (key: string, functionName = FN, outputBucket = 'processed', sourceBucket = 'incoming') =>
  resultPlace({ sourceBucket, sourceKey: key, functionName, outputBucket })

const put = (bucket: string, key: string, text = 'x') =>
  storage.put(bucket, key, { bytes: Buffer.from(text) }, { contentType: 'text/plain' })

/** Files of an attempt, whose folder it returns. */
async function attempt(at: ResultPlace, id: string = ulid(), count = 2): Promise<string> {
  const folder = attemptFolder(at, id)
  await Promise.all([...Array(count).keys()].map((n) => put(at.bucket, `${folder}${n}`)))
  return folder
}

async function commit(at: ResultPlace, id: string, more: object = {}): Promise<void> {
  const text = manifestText(manifestOf({ attempt: id }))
  await put(at.bucket, at.manifestKey, JSON.stringify({ ...(JSON.parse(text) as object), ...more }))
}

/** Every version and delete marker below it. */
const versionsIn = (bucket: string, prefix: string) =>
  listed(storage.list(bucket, { prefix, versions: true }))
const keysIn = async (bucket: string, prefix: string) =>
  (await versionsIn(bucket, prefix)).map(({ key }) => key)

function janitor(options: Partial<TestJanitorOptions> = {}) {
  const { redis, queue } = used
  return createTestJanitor({ redis, queue, storage, functions: [cut, look, own], ...options })
}

/** Redis's clock stands at `nowMs`. */
const at = (nowMs: number) => ({ ...used.queue, nowMs: () => Promise.resolve(nowMs) })

describe('the folder of an attempt', () => {
  it('is removed with all its versions when there is no manifest, and is counted', async () => {
    const folder = await attempt(place)
    await put('processed', `${folder}0`, 'again')
    await storage.remove('processed', `${folder}1`)
    const tested = janitor()
    await tested.round()
    expect(await versionsIn('processed', place.folder)).toEqual([])
    expect([await tested.removed('folders'), await tested.removed('files')]).toEqual([1, 2])
  })

  it('is removed when another attempt’s manifest is current; the outputs of that one stay, and so does everything outside attempts', async () => {
    const [mine, other] = [ulid(), ulid()]
    const abandoned = await attempt(place, other)
    await attempt(place, mine)
    await put('processed', `${place.folder}facts.json`)
    await put('metadata', place.verdictKey)
    await put('metadata', '~sluice/cut.json')
    await put('metadata', `~sluice/cut/~${other}/x`)
    await commit(place, mine)
    const before = [...(await keysIn('processed', place.folder)), ...(await keysIn('metadata', ''))]
    await janitor().round()
    const after = [...(await keysIn('processed', place.folder)), ...(await keysIn('metadata', ''))]
    expect(after).toEqual(before.filter((key) => !key.startsWith(abandoned)))
    expect(before.length - after.length).toBe(2)
  })

  it('goes in every bucket that a function writes to', async () => {
    const inMetadata = placeOf(sourceKey, 'look', 'metadata')
    const inMixed = placeOf(sourceKey, 'own', 'mixed', 'mixed')
    await attempt(inMetadata)
    await attempt(inMixed)
    await janitor().round()
    expect(await keysIn('metadata', inMetadata.folder)).toEqual([])
    expect(await keysIn('mixed', inMixed.folder)).toEqual([])
  })

  it('stays when its function is not known here, writes elsewhere, or the object may be somebody’s upload', async () => {
    const unknown = await attempt(placeOf(sourceKey, 'elsewhere'))
    const wrongBucket = await attempt(placeOf(sourceKey, 'look'))
    const upload = `${sourceKey}/own/~${ulid()}/x`
    await put('mixed', upload)
    await janitor().round()
    expect(await keysIn('processed', unknown)).toHaveLength(2)
    expect(await keysIn('processed', wrongBucket)).toHaveLength(2)
    expect(await keysIn('mixed', upload)).toHaveLength(1)
  })

  it('stays when the manifest cannot be read, and when one of a later schema names it', async () => {
    const unreadable = await attempt(place)
    await put('processed', place.manifestKey, 'by hand')
    const later = placeOf(`later-${sourceKey}`)
    const [mine, other] = [ulid(), ulid()]
    const named = await attempt(later, mine)
    const notNamed = await attempt(later, other)
    await commit(later, mine, { schema: 2, files: 'elsewhere' })
    await janitor().round()
    expect(await keysIn('processed', unreadable)).toHaveLength(2)
    expect(await keysIn('processed', named)).toHaveLength(2)
    expect(await keysIn('processed', notNamed)).toEqual([])
  })

  it('stays while a run of its own place is in progress, in any worker', async () => {
    const folder = await attempt(place)
    const { payload } = newRunOf('run-1')
    await used.queue.enqueue(newRunOf('run-1', { payload: { ...payload, key: sourceKey } }))
    const { claims } = await used.queue.claim('worker')
    const other = await attempt(placeOf(`another-${sourceKey}`))
    await janitor().round()
    expect(await keysIn('processed', folder)).toHaveLength(2)
    expect(await keysIn('processed', other)).toEqual([])
    await used.queue.settle(claims[0]!, { kind: 'superseded', reason: 'newer' })
    await janitor().round()
    expect(await keysIn('processed', folder)).toEqual([])
  })
})

describe('what is asked', () => {
  it('asks once a step which runs are in progress, and for the newest version of a manifest', async () => {
    const folders = [
      await attempt(place, ulid(), 100),
      await attempt(placeOf(`b-${sourceKey}`)),
      await attempt(placeOf(`c-${sourceKey}`)),
    ]
    const mine = ulid()
    for (let version = 0; version < 4; version++) await commit(place, mine)
    const asked = { running: 0, manifests: 0 }
    const pages = new Set<number | undefined>()
    const queue = {
      ...used.queue,
      running(name: string) {
        asked.running++
        return used.queue.running(name)
      },
    }
    const counting: Storage = {
      ...storage,
      list(bucket, options) {
        if (options?.prefix === place.manifestKey) pages.add(options.pageSize)
        return storage.list(bucket, options)
      },
      readText(bucket, key, options) {
        if (key === place.manifestKey) asked.manifests++
        return storage.readText(bucket, key, options)
      },
    }
    await janitor({ queue, storage: counting, functions: [cut] }).round()
    for (const folder of folders) expect(await keysIn('processed', folder)).toEqual([])
    expect([asked, [...pages]]).toEqual([{ running: 1, manifests: 1 }, [1]])
    expect(await versionsIn('processed', place.manifestKey)).toHaveLength(4)
  })

  it('takes a delete marker for the newest version of a manifest', async () => {
    const id = ulid()
    const folder = await attempt(place, id)
    for (let version = 0; version < 3; version++) await commit(place, id)
    await janitor().round()
    expect(await keysIn('processed', folder)).toHaveLength(2)
    await storage.remove('processed', place.manifestKey)
    await janitor().round()
    expect(await keysIn('processed', folder)).toEqual([])
  })
})

describe('age', () => {
  const ages = { folderMs: 60_000, slackMs: 0 }
  const old = () => encodeTime(1) + 'A'.repeat(16)

  it('counts from the newest version in the folder', async () => {
    const folder = await attempt(place, old())
    const rows = await versionsIn('processed', folder)
    const newestMs = Math.max(...rows.map((row) => row.lastModifiedMs))
    await janitor({ ages, queue: at(newestMs + ages.folderMs) }).round()
    expect(await keysIn('processed', folder)).toHaveLength(2)
    await janitor({ ages, queue: at(newestMs + ages.folderMs + 1) }).round()
    expect(await keysIn('processed', folder)).toEqual([])
  })

  it('counts from the manifest too: readers of the previous result may still need it', async () => {
    const folder = await attempt(place, old())
    let manifestMs = 0
    // Until the manifest is younger than all of the folder, by the milliseconds of a listing.
    for (let isYounger = false; !isYounger;) {
      await commit(place, ulid())
      manifestMs = (await versionsIn('processed', place.manifestKey))[0]!.lastModifiedMs
      isYounger = (await versionsIn('processed', folder)).every((row) => row.lastModifiedMs < manifestMs)
    }
    await janitor({ ages, queue: at(manifestMs + ages.folderMs) }).round()
    expect(await keysIn('processed', folder)).toHaveLength(2)
    await storage.remove('processed', place.manifestKey)
    await janitor({ ages, queue: at(manifestMs + ages.folderMs + 1) }).round()
    expect(await keysIn('processed', folder)).toHaveLength(2)
    const [marker] = await versionsIn('processed', place.manifestKey)
    await janitor({ ages, queue: at(marker!.lastModifiedMs + ages.folderMs + 1) }).round()
    expect(await keysIn('processed', folder)).toEqual([])
  })
})

describe('a manifest that is written while the janitor is at work', () => {
  /** What it names stays whole, whenever it comes: after the listing of the bucket, of the folder, or of the manifest. */
  it.each(['bucket', 'folder', 'manifest'])(
    'after the listing of the %s keeps what it names',
    async (when) => {
      const id = ulid()
      const folder = await attempt(place, id)
      let hasCome = false
      const racing: Storage = {
        ...storage,
        async *list(bucket, options) {
          yield* storage.list(bucket, options)
          const prefix = options?.prefix ?? ''
          const what = prefix === '' ? 'bucket' : prefix === folder ? 'folder' : 'manifest'
          if (what !== when || bucket !== 'processed' || hasCome) return
          hasCome = true
          await commit(place, id)
        },
      }
      await janitor({ storage: racing }).round()
      expect(hasCome).toBe(true)
      expect(await keysIn('processed', folder)).toEqual([`${folder}0`, `${folder}1`])
    },
  )

  it('of another attempt, just now, keeps what the one before has named', async () => {
    const [before, after] = [ulid(), ulid()]
    const folder = await attempt(place, before)
    await commit(place, ulid())
    const racing: Storage = {
      ...storage,
      async readText(bucket, key, options) {
        if (key === place.manifestKey) await commit(place, after)
        return storage.readText(bucket, key, options)
      },
    }
    await janitor({ storage: racing }).round()
    expect(await keysIn('processed', folder)).toHaveLength(2)
  })

  it('stops work that is in progress', async () => {
    const id = ulid()
    const folder = await attempt(place, id, 100)
    let hasCome = false
    const racing: Storage = {
      ...storage,
      async remove(bucket, key, options) {
        if (key.startsWith(folder) && !hasCome) {
          hasCome = true
          await commit(place, id)
        }
        await storage.remove(bucket, key, options)
      },
    }
    await janitor({ storage: racing }).round()
    expect((await keysIn('processed', folder)).length).toBe(36)
  })

  it('and files that come to the folder meanwhile keep it', async () => {
    const folder = await attempt(place, encodeTime(1) + 'B'.repeat(16))
    const rows = await versionsIn('processed', folder)
    const nowMs = Math.max(...rows.map((row) => row.lastModifiedMs)) + 1
    let hasCome = false
    const racing: Storage = {
      ...storage,
      async *list(bucket, options) {
        yield* storage.list(bucket, options)
        if (bucket !== 'processed' || hasCome) return
        hasCome = true
        await put('processed', `${folder}9`)
      },
    }
    await janitor({ storage: racing, queue: at(nowMs) }).round()
    expect(await keysIn('processed', folder)).toHaveLength(3)
  })
})

describe('a round', () => {
  it('is done in steps of bounded work, which another process continues', async () => {
    const folders: string[] = []
    for (let n = 0; n < 5; n++) folders.push(await attempt(placeOf(`${sourceKey}-${n}`), ulid(), 3))
    await used.redis.hset(used.queue.keys.janitor, { bucket: 'processed' })
    const left = async () =>
      (await Promise.all(folders.map((folder) => keysIn('processed', folder)))).filter(
        (keys) => keys.length > 0,
      ).length
    await janitor({ rowsAtOnce: 1 }).step()
    const counts = [await left()]
    for (let isGoingOn = true; isGoingOn;) {
      await used.redis.del(used.queue.keys.lock('janitor'))
      await janitor({ rowsAtOnce: 1 }).step()
      counts.push(await left())
      isGoingOn = (await used.redis.hget(used.queue.keys.janitor, 'bucket')) !== null
    }
    expect(counts.at(-1)).toBe(0)
    // No step took more than one folder, and none was done twice.
    expect(counts.every((count, index) => index === 0 || (counts[index - 1] ?? 0) - count <= 1)).toBe(true)
  })

  it('is followed by a rest', async () => {
    const tested = janitor()
    await tested.round()
    const folder = await attempt(place)
    for (let steps = 0; steps < 3; steps++) await tested.step()
    expect(await keysIn('processed', folder)).toHaveLength(2)
    await used.redis.hset(used.queue.keys.janitor, { restsUntil: 1 })
    for (let steps = 0; steps < 3; steps++) await tested.step()
    expect(await keysIn('processed', folder)).toEqual([])
  })

  it('is one process’s at a time', async () => {
    const folder = await attempt(place)
    const [first, second] = [janitor(), janitor({ rowsAtOnce: 1 })]
    await used.redis.hset(used.queue.keys.janitor, { restsUntil: Date.now() + 60_000 })
    await first.step()
    await used.redis.del(used.queue.keys.janitor)
    await second.step()
    expect(await used.redis.exists(used.queue.keys.janitor)).toBe(0)
    expect(await keysIn('processed', folder)).toHaveLength(2)
    await first.round()
    expect(await keysIn('processed', folder)).toEqual([])
  })

  it('passes over a folder that cannot be removed, and the next one takes it', async () => {
    const folder = await attempt(place)
    const behind = await attempt(placeOf(`${sourceKey}-behind`))
    const faulty: Storage = {
      ...storage,
      remove: (bucket, key, options) =>
        key.startsWith(folder)
          ? Promise.reject(new StorageError('no', { code: 'InternalError' }))
          : storage.remove(bucket, key, options),
    }
    await janitor({ storage: faulty }).round()
    expect(await keysIn('processed', folder)).toHaveLength(2)
    expect(await keysIn('processed', behind)).toEqual([])
    await janitor().round()
    expect(await keysIn('processed', folder)).toEqual([])
  })
})

describe('its round', () => {
  const elsewhere = defineFunction(
    { name: 'elsewhere', version: '1', on: { bucket: 'incoming' }, output: { bucket: 'a-missing-bucket' } },
    (c) => c.json({}),
  )

  it('continues after a bucket that cannot be listed', async () => {
    const folder = await attempt(place)
    const clean = janitor({ functions: [elsewhere, cut] })
    await clean.step()
    expect(await keysIn(place.bucket, folder)).toHaveLength(2)
    await clean.step()
    expect(await keysIn(place.bucket, folder)).toEqual([])
  })

  it('begins each bucket at its beginning, wherever the one before had ended', async () => {
    const metadata = placeOf(`a-${sourceKey}`, 'look', 'metadata')
    const [first, second] = [await attempt(metadata), await attempt(placeOf(`a-${sourceKey}`))]
    const clean = janitor({ functions: [look, cut], rowsAtOnce: 1 })
    const isClean = async () =>
      [...(await keysIn('metadata', first)), ...(await keysIn('processed', second))].length === 0
    // A step a folder at least: more steps than there is anything to look at.
    for (let step = 0; step < 200 && !(await isClean()); step++) await clean.step()
    expect(await isClean()).toBe(true)
  })
})
