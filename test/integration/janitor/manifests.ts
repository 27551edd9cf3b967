/** Manifests, which the janitor asks for and which may be written meanwhile. @module */
import { encodeTime, ulid } from 'ulid'
import { describe, expect, it } from 'vitest'
import type { Storage } from '../../../runtime/storage/storage.ts'
import {
  at,
  attempt,
  commit,
  cut,
  janitor,
  keysIn,
  place,
  placeOf,
  put,
  sourceKey,
  storage,
  used,
  versionsIn,
} from './used.ts'

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
