/** Rounds in steps, by one process at a time. @module */
import { ulid } from 'ulid'
import { describe, expect, it } from 'vitest'
import { defineFunction } from '../../../runtime/index.ts'
import { StorageError } from '../../../runtime/storage/errors.ts'
import type { Storage } from '../../../runtime/storage/storage.ts'
import { attempt, cut, janitor, keysIn, look, place, placeOf, sourceKey, storage, used } from './used.ts'

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
