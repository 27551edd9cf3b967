/** The function `chunk` while it runs: chunks leave as they close, slow uploads brake FFmpeg, an abort leaves nothing. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { leftovers, localAttempt } from '../helpers/attempt.ts'
import { useChunk } from '../helpers/chunk.ts'
import { clipFolder, makeMedia } from '../helpers/clips.ts'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'
import { processesIn } from '../helpers/processes.ts'
import { waitFor } from '../helpers/wait.ts'

const folder = await clipFolder()
let long = ''
let large = ''
beforeAll(async () => {
  // A keyframe each half second: hundreds of chunks, which FFmpeg cuts in a blink unless it is stopped.
  long = await makeMedia(
    join(folder, 'long.mp4'),
    '-map 0 -s 64x36 -c:v libx264 -preset ultrafast -g 13 -keyint_min 13 -sc_threshold 0',
    240,
  )
  // More than the buffers of a connection hold.
  large = await makeMedia(join(folder, 'large.wav'), '-map 1 -c:a pcm_s32le -ac 2', 120)
}, 60_000)
afterAll(() => rm(folder, { recursive: true }))

describe.each(await ffmpegBuilds())('chunk at work with $name', (build) => {
  const used = useChunk(build)
  it.each([
    { name: 'a file', source: () => long, input: 'file' },
    { name: 'a URL that FFmpeg has read to its end by then', source: () => long, input: 'url' },
    { name: 'a URL whose connection stays idle', source: () => large, input: 'url' },
  ] as const)(
    'stops FFmpeg while more than four chunks wait, and loses none: $name',
    async (of) => {
      const held: (() => void)[] = []
      let isOpen = false
      const attempt = await localAttempt(used.chunk, {
        source: of.source(),
        input: of.input,
        isBraked: false,
        options: { seconds: 0.5 },
        beforeSent: () => (isOpen ? Promise.resolve() : new Promise((resolve) => held.push(resolve))),
      })
      const result = attempt.run()
      const isStopped = async () =>
        attempt.mostWaiting() > 4 && (await processesIn(attempt.scratch)).some(({ state }) => state === 'T')
      await waitFor(isStopped, { timeoutMs: 10_000, what: 'FFmpeg to be stopped', intervalMs: 5 })
      const onDisk = (await leftovers(attempt)).length
      for (let turn = 0; turn < 50; turn++) await nextTurn()
      expect(await leftovers(attempt)).toHaveLength(onDisk)
      expect(attempt.mostWaiting()).toBe(5)

      isOpen = true
      for (const release of held) release()
      await result
      expect(attempt.facts.totals['chunks']).toBeGreaterThan(200)
      expect(new Set(attempt.files.map((file) => file.name)).size).toBe(attempt.files.length)
      expect(await leftovers(attempt)).toEqual([])
      await attempt.remove()
    },
    30_000,
  )

  it('loses no chunk of a URL while uploads are slow and the proxy also holds bytes back', async () => {
    const attempt = await localAttempt(used.chunk, {
      source: large,
      input: 'url',
      options: { seconds: 0.5 },
      beforeSent: () => nextTurn(),
    })
    await attempt.run()
    expect(attempt.mostWaiting()).toBeLessThanOrEqual(5)
    expect(attempt.facts.totals['chunks']).toBeGreaterThan(200)
    await attempt.remove()
  }, 30_000)

  it('ends within a second of an abort, with the reason, and leaves no process', async () => {
    const controller = new AbortController()
    const attempt = await localAttempt(used.chunk, {
      source: long,
      options: { seconds: 0.5 },
      signal: controller.signal,
      beforeSent: () =>
        new Promise((_resolve, reject) => {
          controller.signal.addEventListener('abort', () => reject(controller.signal.reason as Error))
        }),
    })
    const result = attempt.run()
    await waitFor(async () => attempt.files.length > 2 && (await processesIn(attempt.scratch)).length > 0, {
      timeoutMs: 10_000,
      what: 'chunks to wait',
      intervalMs: 5,
    })
    const abortedAtMs = performance.now()
    controller.abort(new Error('the lease was lost'))
    await expect(result).rejects.toThrow('the lease was lost')
    expect(performance.now() - abortedAtMs).toBeLessThan(1_000)
    expect(await processesIn(attempt.scratch)).toEqual([])
    await attempt.remove()
  }, 30_000)

  it('ends FFmpeg and fails with the cause when an upload fails', async () => {
    const attempt = await localAttempt(used.chunk, {
      source: long,
      options: { seconds: 0.5 },
      beforeSent: (file) =>
        file.chunk?.index === 3 ? Promise.reject(new Error('the store is away')) : Promise.resolve(),
    })
    await expect(attempt.run()).rejects.toThrow('the store is away')
    expect(await processesIn(attempt.scratch)).toEqual([])
    await attempt.remove()
  }, 30_000)
})
