/** Sources of which more is asked for in their metadata than what always runs. @module */
import { describe, expect, it } from 'vitest'
import { cleanUpWith, eat, functionOf, isThere, upload } from './used.ts'

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
