/** Objects that Redis has forgotten, events, and keys of any kind. @module */
import { describe, expect, it } from 'vitest'
import { createWatermark } from '../../../runtime/records/watermark.ts'
import { waitFor } from '../../helpers/wait.ts'
import { forget, part, put, reached, used, view } from './used.ts'

describe('an object that Redis has forgotten', () => {
  it('is told apart: not announced yet, before the watermark, or without one', async () => {
    await put('held/lost')
    await reached('incoming/held/lost', 'held', 'paused')
    // The second announcement has come too, or it would make the run again.
    await waitFor(async () => (await used.runs.of('held/lost'))[0]?.copies === 2, {
      timeoutMs: 10_000,
      what: 'both announcements',
    })
    await forget('held/lost')
    expect(part(await view('incoming/held/lost'), 'held').reason).toBe('waiting-for-events')

    const { storage } = used.stack
    for await (const { key, versionId } of storage.list('metadata', {
      prefix: '~sluice/held.json',
      versions: true,
    }))
      await storage.remove('metadata', key, versionId === undefined ? {} : { versionId })
    expect(part(await view('incoming/held/lost'), 'held').reason).toBe('not-set-up')
    await createWatermark(storage, 'held')
    const seen = await view('incoming/held/lost')
    expect(part(seen, 'held').reason).toBe('before-watermark')
    expect(seen.summary).toMatch(
      /it was uploaded before held was set up .* Run it: sluice reprocess incoming\/held\/lost --function held/,
    )
  })

  it('is explained by its result or verdict in the buckets', async () => {
    await put('echo/kept.txt')
    await reached('incoming/echo/kept.txt', 'echo', 'succeeded')
    await forget('echo/kept.txt')
    const kept = await view('incoming/echo/kept.txt')
    expect(part(kept, 'echo')).toMatchObject({ reason: 'succeeded', result: { files: 1, isOfLatest: true } })
    expect(kept.summary).toMatch(
      /echo: done at .* UTC: 1 file, .* Its manifest: processed\/echo\/kept.txt\/echo\/manifest.json/,
    )

    await waitFor(async () => used.runs.verdict('answer', 'answer/permanent'), {
      timeoutMs: 10_000,
      what: 'the verdict',
    })
    await forget('answer/permanent')
    const dead = await view('incoming/answer/permanent')
    expect(part(dead, 'answer')).toMatchObject({ reason: 'dead', verdict: { state: 'dead' } })
    expect(dead.summary).toMatch(/dead since .*: there is nothing to be done\. Its verdict: metadata\//)
  })
})

it('lists each announcement of an event with its delay', async () => {
  await put('echo/twice.txt')
  const { events } = await waitFor(
    async () => {
      const seen = await view('incoming/echo/twice.txt')
      return seen.events[0]?.arrivals.length === 2 && seen
    },
    { timeoutMs: 10_000, what: 'both announcements' },
  )
  expect(events).toMatchObject([{ kind: 'created', name: 'Put', arrivals: [{ path: 'notification' }, {}] }])
})

it('accepts any key, also one with line breaks, quotes and trailing slashes', async () => {
  for (const key of ['echo/a\nb "c" \'d\'?#%20', 'echo//x', 'echo/trailing/', `echo/${'x'.repeat(300)}`]) {
    const seen = await view(`incoming/${key}`)
    expect(seen).toMatchObject({ key, object: null })
  }
  expect((await view('incoming/echo//x')).summary).toMatch(/the store does not accept this key/)
})
