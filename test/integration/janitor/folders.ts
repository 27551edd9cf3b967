/** Which folders of attempts go, and at what age. @module */
import { encodeTime, ulid } from 'ulid'
import { describe, expect, it } from 'vitest'
import { newRunOf } from '../../helpers/queue.ts'
import {
  at,
  attempt,
  commit,
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
