/** A person drops files with mc: what they find in the buckets, with the functions that ship. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  CLIP_SECONDS,
  clipFolder,
  isSound,
  makeClip,
  pictureHashes,
  soundPacketHashes,
  type ClipName,
} from '../helpers/clips.ts'
import { createRuns, type Runs } from '../helpers/runs.ts'
import { startTestStack, type TestStack } from '../helpers/stack.ts'
import { truncatedCopy } from '../helpers/video.ts'
import { waitFor } from '../helpers/wait.ts'

/** Ten containers; the pictures of each, or its sound, must come out as they went in. */
const NAMES: readonly ClipName[] = [
  'faststart.mp4',
  'moov-at-end.mp4',
  'clip.mov',
  'clip.mkv',
  'clip.webm',
  'b-frames.avi',
  'clip.ts',
  'clip.flv',
  'tone.mp3',
  'tone.m4a',
]

let stack: TestStack
let runs: Runs
let folder: string

beforeAll(async () => {
  folder = await clipFolder()
  for (const name of NAMES) await makeClip(folder, name)
  stack = await startTestStack({ env: { SLUICE_OPTIONS: '{"chunk":{"seconds":2}}' } })
  runs = createRuns(stack)
})
afterAll(async () => {
  runs.close()
  await stack.stop()
  await rm(folder, { recursive: true })
})

/** Both functions have ended in this state for the newest upload of a key. */
function bothReached(key: string, state: string) {
  return waitFor(
    async () => {
      const all = await runs.of(key)
      return all.length >= 2 && all.every((run) => run.state === state) && all
    },
    { timeoutMs: 60_000, what: `chunk and probe of ${key} to be ${state}` },
  )
}

describe('ten containers dropped by mc', () => {
  beforeAll(async () => {
    for (const name of NAMES) await stack.mc.run('cp', join(folder, name), `sluice/incoming/films/${name}`)
  })

  it.each(NAMES)('%s ends in chunks that decode to the source, with durations that add up', async (name) => {
    const key = `films/${name}`
    await bothReached(key, 'succeeded')
    const manifest = await runs.manifest('chunk', key)
    const files = await runs.assertWhole('chunk', key)
    expect(files.length).toBeGreaterThanOrEqual(3)

    const local = join(folder, `out-${name}`)
    await mkdir(local)
    const paths: string[] = []
    for (const [index, file] of files.entries()) {
      const path = join(local, `${String(index).padStart(3, '0')}-${file.split('/').at(-1)}`)
      await stack.mc.run('cp', `sluice/processed/${file}`, path)
      paths.push(path)
    }
    const source = join(folder, name)
    const hashes = isSound(name)
      ? async (all: readonly string[]) => (await Promise.all(all.map(soundPacketHashes))).flat()
      : async (all: readonly string[]) => pictureHashes(...all)
    expect(await hashes(paths)).toEqual(await hashes([source]))

    const seconds = manifest?.files.reduce((sum, file) => sum + (file.durationSeconds ?? NaN), 0)
    expect(seconds).toBeCloseTo(manifest?.totals['durationSeconds'] ?? NaN, 3)
    expect(Math.abs((seconds ?? 0) - CLIP_SECONDS)).toBeLessThan(0.3)
    expect(manifest?.tools['ffmpeg']).toMatch(/\d/)
  })

  it('tells of each file what is in it', async () => {
    const text = await stack.mc.run('cat', 'root/metadata/films/clip.mkv/probe/probe.json')
    expect(JSON.parse(text)).toMatchObject({ video: [{ codec: 'h264', width: 128, height: 72 }] })
  })

  it('did all of it once, though each event came twice', async () => {
    for (const name of NAMES) {
      for (const run of await runs.of(`films/${name}`))
        expect(run).toMatchObject({ attempts: 0, dups: 0, fence: 1 })
    }
  })
})

describe('files that cannot be cut', () => {
  it.each([
    {
      name: 'notes.mp4',
      make: (path: string) => writeFile(path, 'these are notes, no film'),
      reason: /text/,
    },
    { name: 'empty.mp4', make: (path: string) => writeFile(path, ''), reason: /empty|0 bytes/ },
    {
      name: 'cut-off.mp4',
      make: (path: string) => truncatedCopy(join(folder, 'moov-at-end.mp4'), path, 0.6),
      reason: /truncated/,
    },
    {
      name: 'cut-off.ts',
      make: (path: string) => truncatedCopy(join(folder, 'clip.ts'), path, 0.601),
      reason: /truncated|packet/,
    },
    {
      name: 'cut-off.mkv',
      make: (path: string) => truncatedCopy(join(folder, 'clip.mkv'), path, 0.6),
      reason: /.+/,
    },
  ])('$name gets one attempt, a dead letter and a verdict in words', async ({ name, make, reason }) => {
    const path = join(folder, name)
    await make(path)
    await stack.mc.run('cp', path, `sluice/incoming/${name}`)
    const run = await waitFor(
      async () =>
        (await runs.of(name)).find(({ functionName, state }) => functionName === 'chunk' && state === 'dead'),
      { timeoutMs: 30_000, what: `${name} to be dead` },
    )
    expect(run).toMatchObject({ attempts: 1, reason: 'permanent' })
    const verdict = await waitFor(() => runs.verdict('chunk', name), {
      timeoutMs: 10_000,
      what: 'the verdict',
    })
    expect(verdict).toMatchObject({ state: 'dead', attempts: 1 })
    expect(verdict.reason).toMatch(reason)
    expect(await runs.manifest('chunk', name)).toBeUndefined()
    expect(await stack.mc.run('ls', '--recursive', `root/processed/${name}/`)).toBe('')
  })

  it('are forgotten when a good file takes the key', async () => {
    await stack.mc.run('cp', join(folder, 'faststart.mp4'), 'sluice/incoming/notes.mp4')
    const manifest = await waitFor(() => runs.manifest('chunk', 'notes.mp4'), {
      timeoutMs: 30_000,
      what: 'the result',
    })
    expect(manifest.totals['chunks']).toBeGreaterThanOrEqual(3)
    await waitFor(async () => (await runs.verdict('chunk', 'notes.mp4')) === undefined, {
      timeoutMs: 10_000,
      what: 'the old verdict to go',
    })
  })
})

describe('options by metadata', () => {
  it('cut as asked; a bad one that is meant for us is a dead letter that names the valid range, another’s a warning', async () => {
    const source = join(folder, 'faststart.mp4')
    await stack.mc.run('cp', '--attr', 'seconds=4', source, 'sluice/incoming/four.mp4')
    await stack.mc.run('cp', '--attr', 'chunk.seconds=9000', source, 'sluice/incoming/bad.mp4')
    // As rclone copies a file's rights.
    await stack.mc.run('cp', '--attr', 'mode=100644;mtime=1.5', source, 'sluice/incoming/rights.mp4')
    await bothReached('four.mp4', 'succeeded')
    expect((await runs.manifest('chunk', 'four.mp4'))?.options).toMatchObject({ mode: 'copy', seconds: 4 })
    const verdict = await waitFor(() => runs.verdict('chunk', 'bad.mp4'), {
      timeoutMs: 30_000,
      what: 'the verdict',
    })
    expect(verdict.reason).toMatch(/option "seconds".*"9000".*from 0\.5 to 600/)
    await bothReached('rights.mp4', 'succeeded')
    expect(await runs.manifest('chunk', 'rights.mp4')).toMatchObject({
      options: { mode: 'copy' },
      warnings: [expect.stringMatching(/^metadata "mode" was ignored: "100644"/)],
    })
  })
})

it('re-encodes where it is asked to, and every piece but the last is as long as was asked for', async () => {
  const source = join(folder, 'faststart.mp4')
  await stack.mc.run('cp', '--attr', 'mode=exact;seconds=1.5', source, 'sluice/incoming/exact.mp4')
  await bothReached('exact.mp4', 'succeeded')
  const manifest = await runs.manifest('chunk', 'exact.mp4')
  const durations = manifest?.files.map(({ durationSeconds }) => durationSeconds ?? NaN) ?? []
  expect(durations.length).toBeGreaterThan(2)
  // One frame of 25 a second.
  for (const seconds of durations.slice(0, -1)) expect(Math.abs(seconds - 1.5)).toBeLessThanOrEqual(0.04)
})

it('leaves no scratch behind', async () => {
  const scratch = join(stack.dir, 'scratch')
  const left = () => readdir(scratch, { recursive: true })
  await waitFor(async () => (await left()).every((path) => !path.includes('attempt-')), {
    timeoutMs: 5_000,
    what: 'the scratch folders to be empty',
  })
  expect((await left()).every((path) => /^runtime-\w+(\/worker-\d+)?(\/owner\.json)?$/.test(path))).toBe(true)
})
