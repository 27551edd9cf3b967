/** One 8K clip beside small ones, in one worker process: real FFmpegs, which start when it is their turn. */
import { execFile } from 'node:child_process'
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { FfmpegOptions } from '../../functions/ffmpeg/run/ffmpeg.ts'
import { needsOf } from '../../functions/ffmpeg/sandbox/media-budget.ts'
import { makeMedia } from '../helpers/clips.ts'
import { processesIn } from '../helpers/processes.ts'
import { isThorough } from '../helpers/thorough.ts'
import { waitFor } from '../helpers/wait.ts'

const run = promisify(execFile)

const LARGE = '-i file:large.mp4 -c:v libx264 -preset veryfast -bf 0 -vf scale=7680:4320 -f null -'
/** As much is reserved for it, and it is stopped before it takes any. */
const HELD = LARGE.replace('large', 'small')
const SMALL = '-i file:small.mp4 -c:v libx264 -preset veryfast -bf 0 -vf scale=320:180 -f null -'
const COPY = '-i file:small.mp4 -c copy -f null -'
/** Of each worker; one that runs on every core has one encoder. */
const BUDGET_BYTES = 6 * 1024 ** 3

let cwd = ''
beforeAll(async () => {
  vi.stubEnv('SLUICE_WORKERS', String(availableParallelism()))
  vi.stubEnv('SLUICE_MEDIA_MEMORY', `${availableParallelism() * 6}GiB`)
  cwd = await realpath(await mkdtemp(join(tmpdir(), 'sluice-budget-')))
  await makeMedia(join(cwd, 'small.mp4'), '-map 0 -c:v libx264 -preset ultrafast', 1)
  if (!isThorough) return
  await makeMedia(
    join(cwd, 'large.mp4'),
    '-map 0 -vf scale=7680:4320 -frames:v 12 -c:v libx264 -preset ultrafast -pix_fmt yuv420p',
    1,
  )
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(cwd, { recursive: true })
})

const ended: string[] = []
async function start(name: string, words: string, more: Partial<FfmpegOptions> = {}) {
  const { startFfmpeg } = await import('../../functions/ffmpeg/run/ffmpeg.ts')
  const options: FfmpegOptions = {
    tool: 'ffmpeg',
    profile: 'encode',
    arguments: `-hide_banner -nostdin -nostats -loglevel error -progress pipe:3 ${words}`.split(' '),
    cwd,
    signal: new AbortController().signal,
    ...more,
  }
  const started = await startFfmpeg(options)
  return Object.assign(started, {
    done: started.ended.then(({ exitCode }) => exitCode === 0 && ended.push(name)),
  })
}

/** What all of them hold now. */
async function memoryBytes(): Promise<number> {
  const pids = (await processesIn(cwd)).map(({ pid }) => pid)
  if (pids.length === 0) return 0
  const { stdout } = await run('ps', ['-o', 'rss=', '-p', pids.join(',')]).catch(() => ({ stdout: '' }))
  return stdout.split('\n').reduce((sum, kib) => sum + Number(kib) * 1024, 0)
}

// Some 20 s of CPU.
it.runIf(isThorough)(
  'copies run beside an 8K clip that is encoded, encoders wait for it, and all stay within their memory',
  async () => {
    const large = await start('8K', LARGE)
    large.pause()
    const words = vi.fn<() => void>()
    const small = start('small', SMALL, { onProgress: words })
    for (const name of ['copy 1', 'copy 2']) await (await start(name, COPY, { profile: 'copy' })).done
    expect(ended).toEqual(['copy 1', 'copy 2'])
    expect(words).toHaveBeenCalledWith({})
    expect(await processesIn(cwd)).toHaveLength(1)

    large.resume()
    let peakBytes = 0
    const sampling = waitFor(
      async () => {
        peakBytes = Math.max(peakBytes, await memoryBytes())
        return ended.includes('8K')
      },
      { timeoutMs: 60_000, what: 'the 8K clip', intervalMs: 20 },
    )
    await large.done
    await (
      await small
    ).done
    await sampling
    expect(ended).toEqual(['copy 1', 'copy 2', '8K', 'small'])
    // It was seen, and it takes no more than it was let in for.
    expect(peakBytes).toBeGreaterThan(500 * 1024 ** 2)
    expect(peakBytes).toBeLessThan(needsOf('encode', LARGE.split(' ')).memoryBytes)
    expect(peakBytes).toBeLessThan(BUDGET_BYTES)
  },
)

it('a waiting encoder leaves the queue when its attempt is aborted, and starts nothing', async () => {
  const first = await start('first', HELD)
  first.pause()
  const attempt = new AbortController()
  const waiting = start('waiting', SMALL, { signal: attempt.signal })
  attempt.abort(new Error('the lease is lost'))
  await expect(waiting).rejects.toThrow('the lease is lost')
  expect(await processesIn(cwd)).toHaveLength(1)
  first.kill()
  await first.done
  await (
    await start('next', SMALL)
  ).done
  expect(ended.at(-1)).toBe('next')
  expect(ended).not.toContain('waiting')
})

it('a run that cannot be started gives its place to the next', async () => {
  await expect(start('nowhere', SMALL, { cwd: join(cwd, 'no-such-folder') })).rejects.toThrow(
    'could not be started',
  )
  await (
    await start('after', SMALL)
  ).done
  expect(ended.at(-1)).toBe('after')
})
