/**
 * Presentations, in CPU time: `npm run bench -- hls 1200` (seconds of film) packages a film by copy, beside Shaka Packager, and then once through the
 * whole stack, for the memory of the worker and its scratch space; `npm run bench -- hls-ladder 60` (seconds of film) encodes two
 * sizes, beside one FFmpeg with the same arguments, which are read from the running process. Both sides in turn, in one run. The
 * function itself, with a source as large ones have it: by ranges, through the proxy.
 * @module
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findBinaries } from '../../functions/ffmpeg/build/binaries.ts'
import { hls } from '../../functions/hls.ts'
import { localAttempt } from '../helpers/attempt.ts'
import { createRuns } from '../helpers/runs.ts'
import { startTestStack } from '../helpers/stack.ts'
import { waitFor } from '../helpers/wait.ts'
import { encoderBelow } from './encode.ts'
import { compare, type Measurement, type Pass } from './harness/compare.ts'
import { peakMemoryMb, startCpu } from './harness/cpu.ts'
import { peakScratch } from './large.ts'
import { film, longFilmWithSound } from './media-source.ts'
import { installPackager } from './peer/packager.ts'
import type { Order } from './run.ts'
import { say } from './statistics.ts'

const run = promisify(execFile)
const SEGMENT_SECONDS = 6
const LIMIT_MS = 600_000
const LIMIT_MB = 200
/** Those that are being sent or wait for it, and of each track one that is written and one that is held back. */
const SEGMENTS_AT_ONCE = 12
const LADDER = { mode: 'encode', renditions: '480,240' }

/** Of this process and its children. */
async function cpuOf(work: () => Promise<unknown>): Promise<Pass> {
  const cpu = startCpu({ benchmark: [process.pid] })
  await work()
  const { all = NaN, ...parts } = cpu(1_000)
  return { value: all, parts }
}

async function make(source: string, options: Readonly<Record<string, unknown>>): Promise<void> {
  const attempt = await localAttempt(hls, { source, options, input: 'url' })
  try {
    await attempt.run()
    const { segments = 0 } = attempt.facts.totals
    if (segments < 2) throw new Error(`the presentation has ${segments} segments`)
  } finally {
    await attempt.remove()
  }
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-hls-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export async function measureHls(seconds = '1200', { rounds }: Order): Promise<Measurement> {
  const packager = await installPackager()
  const path = await longFilmWithSound(Number(seconds))
  say(`a film of ${seconds} s, ${mb((await stat(path)).size)} MB`)
  const measurement = await compare({
    name: 'hls',
    unit: 'CPU s',
    // CPU time differs little.
    rounds: Math.min(rounds, 3),
    digits: 2,
    parts: 'CPU s',
    sides: {
      ours: () => cpuOf(() => make(path, { mode: 'copy', seconds: SEGMENT_SECONDS })),
      peer: () => inFolder((folder) => cpuOf(() => packageByShaka(packager, path, folder))),
    },
  })
  const notes = [...(measurement.notes ?? []), await throughStack(path)]
  return { ...measurement, notes }
}

/** Picture and sound, playlists of keyframes, HLS and DASH: as ours. */
async function packageByShaka(packager: string, path: string, folder: string): Promise<void> {
  const track = (kind: 'video' | 'audio', more: string) =>
    `in=${path},stream=${kind},init_segment=${folder}/${kind}/init.mp4,segment_template=${folder}/${kind}/$Number$.m4s,playlist_name=${kind}.m3u8,${more}`
  await run(packager, [
    track('video', 'iframe_playlist_name=iframes.m3u8'),
    track('audio', 'hls_group_id=audio,hls_name=a'),
    '--segment_duration',
    String(SEGMENT_SECONDS),
    '--hls_master_playlist_output',
    `${folder}/master.m3u8`,
    '--mpd_output',
    `${folder}/manifest.mpd`,
  ])
  await stat(join(folder, 'master.m3u8'))
}

/** The peak of the worker's memory, and of its scratch files, for one film. */
async function throughStack(path: string): Promise<string> {
  const stack = await startTestStack({
    env: {
      SLUICE_LOG_LEVEL: 'warn',
      SLUICE_WORKERS: '1',
      SLUICE_FUNCTIONS_FILE: join(import.meta.dirname, 'hls-functions.ts'),
      SLUICE_MAKE: 'hls',
    },
  })
  const runs = createRuns(stack)
  try {
    await stack.mc.run('cp', '--quiet', '--attr', 'hls.mode=copy', path, 'sluice/incoming/film.mp4')
    const scratchBytes = await peakScratch(stack, () => runs.reached('film.mp4', 'succeeded', LIMIT_MS))
    await runs.assertThere('hls', 'film.mp4')
    const { files = [] } = (await runs.manifest('hls', 'film.mp4')) ?? {}
    const segments = files.filter(({ role }) => role === 'segment')
    const largestBytes = Math.max(...segments.map(({ bytes }) => bytes))
    const peakMb = Math.max(...(await stack.childPids('work')).map((pid) => peakMemoryMb(pid)))
    if (peakMb > LIMIT_MB) throw new Error(`the worker had ${peakMb} MB, and may have ${LIMIT_MB}`)
    if (scratchBytes > SEGMENTS_AT_ONCE * largestBytes)
      throw new Error(
        `${mb(scratchBytes)} MB of scratch files: more than ${SEGMENTS_AT_ONCE} segments of ${mb(largestBytes)} MB`,
      )
    return `whole stack: worker ${peakMb} MB at its peak, scratch ${mb(scratchBytes)} MB, largest segment ${mb(largestBytes)} MB`
  } finally {
    runs.close()
    await stack.stop()
  }
}

export async function measureHlsLadder(seconds = '60', { rounds }: Order): Promise<Measurement> {
  const path = await film(Number(seconds))
  say(`a film of ${seconds} s, ${mb((await stat(path)).size)} MB`)
  const words = await argumentsOfOurs(path)
  return compare({
    name: 'hls-ladder',
    unit: 'CPU s',
    rounds: Math.min(rounds, 3),
    warmUp: 0,
    digits: 2,
    parts: 'CPU s',
    sides: {
      ours: () => cpuOf(() => make(path, LADDER)),
      peer: () => inFolder((folder) => cpuOf(() => encodeAlone(words, path, folder))),
    },
  })
}

/** Those of the FFmpeg that encodes a first ladder. */
async function argumentsOfOurs(source: string): Promise<readonly string[]> {
  const attempt = await localAttempt(hls, { source, options: LADDER })
  try {
    const made = attempt.run()
    const found = await waitFor(() => encoderBelow(attempt.scratch), {
      timeoutMs: LIMIT_MS,
      intervalMs: 20,
      what: 'FFmpeg to encode',
    })
    await made
    return found
  } finally {
    await attempt.remove()
  }
}

/** Each output becomes a file instead of a pipe. */
async function encodeAlone(words: readonly string[], path: string, folder: string): Promise<void> {
  const { ffmpegPath } = await findBinaries(process.env)
  await copyFile(path, join(folder, 'source'))
  const toFiles = words.map((word) => (/^pipe:[4-9]$/.test(word) ? `file:out-${word.slice(5)}.mp4` : word))
  const child = spawn(ffmpegPath, toFiles, {
    cwd: folder,
    env: { PATH: process.env['PATH'], GCONV_PATH: '/nonexistent' },
    stdio: ['ignore', 'ignore', 'ignore', 'ignore'],
  })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`FFmpeg alone ended with ${code}`)
}

function mb(bytes: number): number {
  return Math.round(bytes / 1e6)
}
