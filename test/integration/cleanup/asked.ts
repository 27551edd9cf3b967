/** Sources of which more is asked for in their metadata than what always runs. @module */
import { describe, expect, it } from 'vitest'
import { objectIdOf, runIdOf } from '../../../runtime/queue/keys.ts'
import { createAskStore } from '../../../runtime/records/asks.ts'
import { allDebts } from '../../helpers/debts.ts'
import { cleanUpWith, eat, functionOf, isThere, upload, used } from './used.ts'

const hls = functionOf('hls', { trigger: 'asked' })

describe('a source whose metadata ask for a function', () => {
  it.each([
    { how: 'stays while that has not succeeded', make: 'hls', succeeded: ['eat'], stays: true },
    { how: 'goes once it has', make: 'hls', succeeded: ['eat', 'hls'], stays: false },
    { how: 'goes when the word is no function', make: 'Canon', succeeded: ['eat'], stays: false },
    { how: 'goes when it asks for nothing', make: '', succeeded: ['eat'], stays: false },
  ])('$how', async ({ make, succeeded, stays }) => {
    // A run that Redis has lost: only the metadata say that it is still to be done.
    await upload('incoming', succeeded, succeeded, { make })
    await cleanUpWith([eat, hls])()
    expect(await isThere()).toBe(stays)
  })
})

it('a source goes when a request has run a function that removes sources', async () => {
  const removing = functionOf('hls', { trigger: 'asked', afterSuccess: 'remove' })
  await upload('incoming', ['chunk', 'hls'], ['chunk', 'hls'])
  await cleanUpWith([functionOf('chunk'), removing])()
  expect(await isThere()).toBe(false)
})

it('a source stays where nobody has asked for the function that removes sources', async () => {
  const removing = functionOf('hls', { trigger: 'asked', afterSuccess: 'remove' })
  await upload('incoming', ['chunk'], ['chunk'])
  await cleanUpWith([functionOf('chunk'), removing])()
  expect(await isThere()).toBe(true)
})

it('a source stays while a request for it is in the bucket that Redis does not know any more', async () => {
  const { generation } = await upload('incoming', ['eat'], ['eat'])
  const { store, key, queue } = used
  const asks = createAskStore(store.storage)
  const payload = {
    bucket: 'incoming',
    key,
    generation,
    etag: 'e',
    sizeBytes: 1,
    lastModifiedMs: 0,
    eventTimeMs: 0,
  }
  const objectId = objectIdOf('incoming', key)
  const item = { runId: runIdOf('hls', 'incoming', key, generation), functionName: 'hls', objectId, payload }
  const request = { kind: 'reprocess', isForced: false, request: {}, items: [item] } as const
  await asks.write('01KBJ0B', await queue.nowMs(), request)
  await cleanUpWith([eat, hls])()
  expect(await isThere()).toBe(true)
  await asks.withdraw('01KBJ0B')
  const debts = await allDebts(used)
  expect(debts.filter((debt) => debt.includes('"source"'))).toHaveLength(1)
})
