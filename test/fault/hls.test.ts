/** A worker dies, or its disk fills, in the middle of a ladder: a player that has the old presentation plays on, and no half of one is ever seen. */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clipFolder, makeMedia } from '../helpers/clips.ts'
import { otherRuntime, type OtherRuntime } from '../helpers/other-runtime.ts'
import { useStack } from '../helpers/runs.ts'
import { canMount, mountSmallDisk, type SmallDisk } from '../helpers/small-disk.ts'
import { waitFor } from '../helpers/wait.ts'

const env = {
  SLUICE_FUNCTIONS_FILE: join(import.meta.dirname, 'hls-functions.ts'),
  SLUICE_WORKERS: '1',
  SLUICE_LEASE: '5s',
  SLUICE_MAKE: 'hls',
  SLUICE_OPTIONS: '{"hls":{"mode":"encode","renditions":"180,144","seconds":1}}',
}
const used = useStack(env)
const PATIENCE_MS = 300_000

let folder: string
beforeAll(async () => {
  folder = await clipFolder()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const film = async (seconds: number) =>
  readFile(
    await makeMedia(
      join(folder, `${seconds}.mp4`),
      '-c:v libx264 -preset ultrafast -c:a aac',
      seconds,
      '320x180',
    ),
  )

/** The addresses in the master that players open, as keys. */
async function playlistsOf(key: string): Promise<readonly string[]> {
  const manifest = await used.runs.manifest('hls', key)
  const pointer = manifest?.pointers['master.m3u8'] ?? ''
  const beside = pointer.replace(/~.*/, '')
  const text = (await used.stack.storage.readText('processed', `${beside}master.m3u8`))?.text ?? ''
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => beside + line)
}

async function mustBePlayable(key: string): Promise<readonly string[]> {
  const playlists = await playlistsOf(key)
  expect(playlists).toHaveLength(2)
  for (const playlist of playlists) {
    const text = (await used.stack.storage.readText('processed', playlist))?.text ?? ''
    expect(text).toMatch(/#EXT-X-ENDLIST\n$/)
    const names = text.split('\n').filter((line) => line.startsWith('seg'))
    expect(names.length).toBeGreaterThan(2)
    const place = playlist.replace(/[^/]*$/, '')
    for (const name of names)
      expect(await used.stack.storage.head('processed', `${place}${name}`)).toMatchObject({
        contentType: 'video/mp4',
      })
  }
  await used.runs.assertThere('hls', key)
  return playlists
}

/** Of attempts that are not those of the playlists. */
async function segmentsBeside(key: string, [playlist]: readonly string[] = []): Promise<number> {
  const old = playlist?.replace(/(~[^/]*\/).*/, '$1') ?? 'none'
  let count = 0
  for await (const { key: name } of used.stack.storage.list('processed', { prefix: `${key}/hls/~` }))
    if (!name.startsWith(old) && name.endsWith('.m4s')) count++
  return count
}

describe('a presentation that is made again', () => {
  let runtime: OtherRuntime
  beforeAll(async () => {
    await used.stack.runtime.stop()
    runtime = otherRuntime(used.stack, env)
    await runtime.start()
  })
  afterAll(() => runtime?.stop())

  it(
    'leaves the old one playable while its worker dies in the middle, and takes its place as a whole',
    async () => {
      await used.runs.put('film.mp4', await film(4))
      await used.runs.reached('film.mp4', 'succeeded', PATIENCE_MS)
      const before = await mustBePlayable('film.mp4')
      await used.runs.put('film.mp4', await film(60))
      await waitFor(async () => (await segmentsBeside('film.mp4', before)) > 3, {
        timeoutMs: PATIENCE_MS,
        what: 'segments of the new one',
      })
      for (const pid of runtime.workerPids()) process.kill(pid, 'SIGKILL')
      expect(await mustBePlayable('film.mp4')).toEqual(before)
      const { crashes } = await used.runs.reached('film.mp4', 'succeeded', PATIENCE_MS)
      expect(crashes).toBeGreaterThanOrEqual(0)
      expect(await mustBePlayable('film.mp4')).not.toEqual(before)
    },
    PATIENCE_MS,
  )
})

describe.runIf(canMount())('a disk that fills in the middle of a ladder', () => {
  let disk: SmallDisk
  let runtime: OtherRuntime
  beforeAll(async () => {
    await used.stack.runtime.stop()
    disk = mountSmallDisk(96)
    runtime = otherRuntime(used.stack, { ...env, SLUICE_SCRATCH_DIR: disk.path })
    await runtime.start()
  })
  afterAll(async () => {
    await runtime?.stop()
    disk?.remove()
  })

  it(
    'fails the attempt with that reason, shows nothing of it, and is made as a whole when there is room',
    async () => {
      await used.runs.put('disk.mp4', await film(120))
      await waitFor(async () => (await segmentsBeside('disk.mp4')) > 3, {
        timeoutMs: PATIENCE_MS,
        what: 'its first segments',
        intervalMs: 20,
      })
      disk.fill()
      const failed = await waitFor(
        async () => {
          const [run] = await used.runs.of('disk.mp4')
          return run && run.attempts > 0 && run
        },
        { timeoutMs: PATIENCE_MS, what: 'its attempt to fail', intervalMs: 20 },
      )
      expect(failed).toMatchObject({
        error: expect.stringContaining('the disk for scratch files is full'),
        crashes: 0,
      })
      expect(failed.state).not.toBe('dead')
      expect(await used.runs.manifest('hls', 'disk.mp4')).toBeUndefined()
      expect(await used.stack.storage.head('processed', 'disk.mp4/hls/master.m3u8')).toBeUndefined()
      disk.free()
      await used.runs.reached('disk.mp4', 'succeeded', PATIENCE_MS)
      await mustBePlayable('disk.mp4')
    },
    PATIENCE_MS,
  )
})
