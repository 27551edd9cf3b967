/**
 * Re-encoding on all cores, PUT acknowledged to manifest, through the whole stack: `npm run bench -- encode 60` (seconds of
 * film; the default). The peer is the same FFmpeg alone, with the very arguments that the runtime gave it, in a folder with the
 * same file: they are read from the running process. It is as nice as ours (10), so that other work on the machine slows both. Both sides in turn, in one run.
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { findBinaries } from '../../functions/ffmpeg/build/binaries.ts'
import { createRuns, type Runs } from '../helpers/runs.ts'
import { startTestStack, type TestStack } from '../helpers/stack.ts'
import { waitFor } from '../helpers/wait.ts'
import { compare, type Measurement } from './harness/compare.ts'
import { film } from './media-source.ts'
import type { Order } from './run.ts'
import { say } from './statistics.ts'

const FUNCTIONS = join(import.meta.dirname, 'media-functions.ts')
/** Looking takes the processor from what is looked at, on our side alone. */
const LOOK_MS = 50
const LIMIT_MS = 600_000
/** Larger sources are read by a URL that is dead by the time the peer begins. */
const MAX_SOURCE_BYTES = 64 * 1024 ** 2

interface Bench {
  readonly stack: TestStack
  readonly runs: Runs
  readonly path: string
}

export async function measureEncode(seconds = '60', { rounds }: Order): Promise<Measurement> {
  const path = await film(Number(seconds))
  const sourceBytes = (await stat(path)).size
  if (sourceBytes >= MAX_SOURCE_BYTES) throw new Error(`a film of ${sourceBytes} bytes is too large for this`)
  say(`a film of ${seconds} s, ${Math.round(sourceBytes / 1e6)} MB`)
  const stack = await startTestStack({
    env: { SLUICE_LOG_LEVEL: 'warn', SLUICE_WORKERS: '1', SLUICE_FUNCTIONS_FILE: FUNCTIONS },
  })
  const runs = createRuns(stack)
  const bench = { stack, runs, path }
  try {
    const words = await argumentsOfOurs(bench)
    return await compare({
      name: 'encode',
      unit: 's',
      rounds,
      digits: 2,
      sides: {
        ours: async (round) => ({ value: await timeOurs(bench, `film-${round}.mp4`) }),
        peer: async () => ({ value: await timePeer(bench, words) }),
      },
    })
  } finally {
    runs.close()
    await stack.stop()
  }
}

async function upload({ stack, path }: Bench, key: string): Promise<void> {
  await stack.mc.run('cp', '--quiet', '--attr', 'mode=exact', path, `sluice/incoming/${key}`)
}

async function timeOurs(bench: Bench, key: string): Promise<number> {
  const { stack, runs } = bench
  await upload(bench, key)
  const startedAtMs = performance.now()
  await waitFor(() => stack.storage.head('processed', `${key}/chunk/manifest.json`), {
    timeoutMs: LIMIT_MS,
    intervalMs: LOOK_MS,
    what: `the manifest of ${key}`,
  })
  const seconds = (performance.now() - startedAtMs) / 1_000
  const files = await runs.assertWhole('chunk', key)
  if (files.length === 0) throw new Error(`${key} was not cut`)
  return seconds
}

async function timePeer({ stack, path }: Bench, words: readonly string[]): Promise<number> {
  const { PATH = '' } = process.env
  const { ffmpegPath } = await findBinaries({ PATH })
  const cwd = await mkdtemp(join(stack.dir, 'alone-'))
  await copyFile(path, join(cwd, 'source'))
  const startedAtMs = performance.now()
  // What it says of its progress has a place, as with us, and goes nowhere.
  const child = spawn('nice', ['-n', '10', ffmpegPath, ...words], {
    cwd,
    env: { PATH, GCONV_PATH: '/nonexistent' },
    stdio: ['ignore', 'ignore', 'inherit', 'ignore'],
  })
  const [code] = (await once(child, 'close')) as [number | null]
  const seconds = (performance.now() - startedAtMs) / 1_000
  if (code !== 0) throw new Error(`FFmpeg alone ended with ${code}`)
  await rm(cwd, { recursive: true })
  return seconds
}

/** Those of the FFmpeg that encodes while a first film is uploaded. */
async function argumentsOfOurs(bench: Bench): Promise<readonly string[]> {
  const key = 'first.mp4'
  await upload(bench, key)
  const words = await waitFor(() => encoderBelow(bench.stack.dir), {
    timeoutMs: LIMIT_MS,
    intervalMs: LOOK_MS,
    what: 'FFmpeg to encode',
  })
  await bench.runs.reached(key, 'succeeded', LIMIT_MS)
  return words
}

/** The arguments of the process that encodes in `dir` or a folder below it, without the program's own name. */
export async function encoderBelow(dir: string): Promise<readonly string[] | undefined> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '')
    if (cwd !== dir && !cwd.startsWith(`${dir}/`)) continue
    const [program = '', ...words] = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''))
      .split('\0')
      .slice(0, -1)
    // Not the shell that sets its limits, and then becomes it.
    if (program.endsWith('ffmpeg') && words.includes('libx264')) return words
  }
  return undefined
}
