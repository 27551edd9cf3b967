/** The seam that starts FFmpeg: how children begin, are held and end. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, realpath, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { FfmpegOptions } from '../../functions/ffmpeg/run/ffmpeg.ts'
import { ffmpegBuilds, withBuild, type FfmpegBuild } from '../helpers/ffmpeg-builds.ts'
import { processesIn } from '../helpers/processes.ts'
import { waitFor } from '../helpers/wait.ts'

const PICTURES = '-f lavfi -i testsrc2=size=64x36:rate=25'
const ENDLESS = `-hide_banner -nostdin -nostats -progress pipe:3 ${PICTURES} -f null -`

let cwd = ''
beforeEach(async () => {
  cwd = await realpath(await mkdtemp(join(tmpdir(), 'sluice-seam-')))
})
afterEach(async () => {
  const left = await processesIn(cwd)
  if (left.length > 0) throw new Error(`the test left processes: ${JSON.stringify(left)}`)
  vi.unstubAllEnvs()
  await rm(cwd, { recursive: true })
})

function options(words: string, more: Partial<FfmpegOptions> = {}): FfmpegOptions {
  return {
    tool: 'ffmpeg',
    profile: 'copy',
    arguments: words.split(' '),
    cwd,
    signal: new AbortController().signal,
    ...more,
  }
}

const untilRunning = () =>
  waitFor(async () => (await processesIn(cwd)).length > 0, {
    timeoutMs: 5_000,
    what: 'FFmpeg to run',
    intervalMs: 5,
  })

describe.each(await ffmpegBuilds())('the seam with $name', (build) => {
  const load = () => withBuild(build, () => import('../../functions/ffmpeg/run/ffmpeg.ts'))

  it('returns a failure as a value with the last lines, not as an error, and tells them as the lines of its attempt', async () => {
    const { runFfmpeg } = await load()
    const { hearToolLines } = await import('../../runtime/function/tool-lines.ts')
    const wanted = options('-hide_banner -nostdin -i file:nothing.mp4 -f null -')
    const heard: string[] = []
    hearToolLines((signal, line) => signal === wanted.signal && heard.push(line))
    const result = await runFfmpeg(wanted)
    hearToolLines(undefined)
    expect(result.exitCode).not.toBe(0)
    expect(result.lastLines.join('\n')).toContain('nothing.mp4: No such file')
    expect(heard).toEqual(result.lastLines)
  })

  it('reports media time while FFmpeg works, and counts it', async () => {
    const { runFfmpeg } = await load()
    const { functionMetrics } = await import('../../runtime/index.ts')
    const seen: (number | undefined)[] = []
    const result = await runFfmpeg(
      options(ENDLESS.replace('rate=25', 'rate=25:duration=20'), {
        onProgress: ({ mediaSeconds }) => seen.push(mediaSeconds),
      }),
    )
    expect(result).toMatchObject({ exitCode: 0 })
    expect(seen.at(-1)).toBeCloseTo(20, 0)
    const text = await functionMetrics.metrics()
    expect(text).toMatch(/sluice_ffmpeg_runs_total\{profile="copy",outcome="succeeded"\} 1/)
    expect(text).toMatch(/sluice_media_seconds_processed_total\{profile="copy"\} (19|20)/)
  })

  it('kills the process within a second of an abort and rejects with its reason', async () => {
    const { startFfmpeg } = await load()
    const controller = new AbortController()
    const run = await startFfmpeg(options(ENDLESS, { signal: controller.signal }))
    await untilRunning()
    const abortedAtMs = performance.now()
    controller.abort(new Error('drained'))
    await expect(run.ended).rejects.toThrow('drained')
    expect(performance.now() - abortedAtMs).toBeLessThan(1_000)
  })

  it('kills a process that is stopped', async () => {
    const { startFfmpeg } = await load()
    const run = await startFfmpeg(options(ENDLESS))
    run.pause()
    await waitFor(async () => (await processesIn(cwd)).some(({ state }) => state === 'T'), {
      timeoutMs: 5_000,
      what: 'FFmpeg to stop',
      intervalMs: 5,
    })
    run.kill()
    await expect(run.ended).resolves.toMatchObject({ signal: 'SIGKILL' })
  })

  it('does not block on a child that writes more errors than a pipe holds', async () => {
    const { runFfmpeg } = await load()
    const result = await runFfmpeg(
      options(`-hide_banner -nostdin -loglevel debug ${PICTURES}:duration=60 -f null -`),
    )
    expect(result.exitCode).toBe(0)
    expect(result.lastLines.length).toBeGreaterThan(0)
    expect(result.lastLines.join('\n').length).toBeLessThanOrEqual(16 * 1024)
  })

  it('ends the child when a line cannot be used, with that error', async () => {
    const { runFfmpeg } = await load()
    const bad = options(ENDLESS.replace('pipe:3', 'pipe:1'), {
      onLine: () => {
        throw new Error('unknown line')
      },
    })
    await expect(runFfmpeg(bad)).rejects.toThrow('unknown line')
  })

  describe('with outputs of their own', () => {
    /** Two outputs of raw pictures, 64 x 36 in three bytes each. */
    const RAW = '-hide_banner -nostdin -nostats -loglevel warning -progress pipe:3'
    const TWICE = `${RAW} ${PICTURES}:duration=40 -f rawvideo -pix_fmt rgb24 pipe:4 -f rawvideo -pix_fmt gray pipe:5`
    const PIXELS = 64 * 36

    it('gives every byte to the reader of its pipe, and ends when the last reader has', async () => {
      const { runFfmpeg } = await load()
      const taken = [0, 0]
      let isBusy = false
      const outputs = [0, 1].map((index) => async (bytes: Buffer) => {
        isBusy = true
        await pause(1)
        taken[index]! += bytes.length
        isBusy = false
      })
      await expect(runFfmpeg(options(TWICE, { outputs }))).resolves.toMatchObject({ exitCode: 0 })
      expect(isBusy).toBe(false)
      expect(taken).toEqual([1_000 * PIXELS * 3, 1_000 * PIXELS])
    })

    it('does not read on while a reader is busy, so FFmpeg waits', async () => {
      const { startFfmpeg } = await load()
      let taken = 0
      let release = () => {}
      const isFree = new Promise<void>((resolve) => (release = resolve))
      const endless = TWICE.replace(':duration=40', '')
      const run = await startFfmpeg(
        options(endless, {
          outputs: [
            async (bytes) => {
              taken += bytes.length
              await isFree
            },
            () => {},
          ],
        }),
      )
      const state = async () => (await processesIn(cwd)).map((each) => each.state).join()
      const cpu = async () =>
        (await readFile(`/proc/${(await processesIn(cwd))[0]?.pid}/stat`, 'utf8')).split(' ')[13]
      let last: string | undefined
      await waitFor(
        async () => {
          if (taken === 0) return false
          const before = last
          last = await cpu()
          return (await state()).includes('S') && last === before
        },
        { timeoutMs: 10_000, what: 'FFmpeg to wait for its reader', intervalMs: 200 },
      )
      expect(taken).toBeLessThanOrEqual(64 * 1024)
      run.kill()
      release()
      await expect(run.ended).resolves.toMatchObject({ signal: 'SIGKILL' })
    })

    it.each(['throws', 'rejects'])('ends the process with the error of a reader that %s', async (how) => {
      const { runFfmpeg } = await load()
      const bad = options(TWICE.replace(':duration=40', ''), {
        outputs: [
          () => {},
          () => {
            const error = new Error('a box of 3 bytes')
            if (how === 'throws') throw error
            return Promise.reject(error)
          },
        ],
      })
      await expect(runFfmpeg(bad)).rejects.toThrow('a box of 3 bytes')
    })

    it('ends at an abort, also while a reader never comes back', async () => {
      const { startFfmpeg } = await load()
      const controller = new AbortController()
      let report = () => {}
      const isAtWork = new Promise<void>((resolve) => (report = resolve))
      const outputs = [
        () => {
          report()
          return new Promise<void>(() => {})
        },
        () => {},
      ]
      const run = await startFfmpeg(options(TWICE, { outputs, signal: controller.signal }))
      await isAtWork
      controller.abort(new Error('drained'))
      await expect(run.ended).rejects.toThrow('drained')
    })
  })

  it.skipIf(process.platform !== 'linux')('runs it without our environment and under limits', async () => {
    vi.stubEnv('MINIO_SECRET_KEY', 'a secret')
    const { startFfmpeg } = await load()
    let report = () => {}
    const isAtWork = new Promise<void>((resolve) => (report = resolve))
    const run = await startFfmpeg(
      options(ENDLESS, { limits: { fileBytes: 1024 ** 2 }, onProgress: () => report() }),
    )
    await isAtWork
    const [child] = await processesIn(cwd)
    const read = async (name: string) => readFile(`/proc/${child?.pid}/${name}`, 'utf8')
    const names = (await read('environ')).split('\0').map((entry) => entry.split('=')[0])
    expect(names).toEqual(expect.arrayContaining(['PATH', 'LANG', 'GCONV_PATH']))
    expect(names.filter((name) => !['PATH', 'LANG', 'GCONV_PATH', 'PWD', ''].includes(name ?? ''))).toEqual(
      [],
    )
    const limits = await read('limits')
    expect(limits).toMatch(/Max file size +1048576 /)
    expect(limits).toMatch(/Max address space +4294967296 /)
    expect(limits).toMatch(/Max core file size +0 /)
    run.kill()
    await run.ended
  })

  it('ends it when a file grows beyond its limit', async () => {
    const { runFfmpeg } = await load()
    const result = await runFfmpeg(
      options(`-hide_banner -nostdin -loglevel error ${PICTURES} -c:v rawvideo -f rawvideo file:big`, {
        limits: { fileBytes: 1024 ** 2 },
      }),
    )
    expect(result).toMatchObject({ signal: 'SIGXFSZ' })
    expect((await stat(join(cwd, 'big'))).size).toBeLessThanOrEqual(1024 ** 2)
  })

  it('takes its child along when its own process is killed with SIGKILL', async () => {
    const parent = spawnParent(build)
    await untilRunning()
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    const isGone = async () => (await processesIn(cwd)).length === 0
    expect(await waitFor(isGone, { timeoutMs: 2_000, what: 'the orphan to die', intervalMs: 10 })).toBe(true)
  })

  function spawnParent({ ffmpegPath, ffprobePath }: FfmpegBuild) {
    const module = new URL('../../functions/ffmpeg/run/ffmpeg.ts', import.meta.url).href
    const script = `import(${JSON.stringify(module)}).then(({ startFfmpeg }) => startFfmpeg(${JSON.stringify(options(ENDLESS))}))`
    const withSignal = script.replace(/"signal":\{\}/, '"signal":new AbortController().signal')
    return spawn(process.execPath, ['--import', 'tsx', '--eval', withSignal], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: { ...process.env, FFMPEG_PATH: ffmpegPath, FFPROBE_PATH: ffprobePath },
    })
  }
})

it('says so when the program cannot be started', async () => {
  const [build] = await ffmpegBuilds()
  if (!build) throw new Error('there is always the embedded build')
  const { runFfmpeg } = await withBuild(build, () => import('../../functions/ffmpeg/run/ffmpeg.ts'))
  const failure = runFfmpeg({ ...options('-version'), cwd: join(cwd, 'no such folder') })
  await expect(failure).rejects.toThrow(/ffmpeg could not be started/)
  await expect(failure).rejects.toMatchObject({ name: 'ToolError', tool: 'ffmpeg' })
})
