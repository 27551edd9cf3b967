/**
 * Lossless cutting of a large file, PUT acknowledged to manifest, through the whole stack: `npm run bench -- chunk 1GiB`, which
 * is also the default. The peer of `chunk` is a script that does it by hand; that of `chunk-io` the slower of reading the
 * same bytes from MinIO and writing them there, alone. Both sides in turn, in one run, through the same servers.
 *
 * The PUT itself is the same for both sides and counts on neither. Nor does tidying up.
 * @module
 */
import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parseSizeBytes } from '../../runtime/amounts.ts'
import { createRuns, type Runs } from '../helpers/runs.ts'
import { startTestStack, type TestStack } from '../helpers/stack.ts'
import { waitFor } from '../helpers/wait.ts'
import { largeFilm } from './media-source.ts'
import type { Measurement } from './run.ts'
import { timeScript } from './script.ts'
import { median, round, say } from './statistics.ts'

const run = promisify(execFile)

const FUNCTIONS = join(import.meta.dirname, 'media-functions.ts')
const ROUNDS = 5
const WARM_UP = 1
/** Polling takes processor time from the side that is polled, and only ours is. */
const LOOK_MS = 50
const LIMIT_MS = 600_000

interface Bench {
  readonly stack: TestStack
  readonly runs: Runs
  /** The film, on disk. */
  readonly path: string
  readonly key: string
}

interface Peer {
  readonly what: string
  /** In seconds. The film is at `peer/<key>` too, which sends no notifications. */
  time(bench: Bench): Promise<number>
}

const SCRIPT: Peer = {
  what: 'script',
  time: ({ stack, key }) => timeScript(stack, `root/peer/${key}`, `root/peer-results/${key}/`),
}

const ALONE: Peer = {
  what: 'the slower of reading and writing',
  async time({ stack, path, key }) {
    await stack.mc.run('cp', '--quiet', path, 'root/peer-results/first')
    const written = await timed(() => stack.mc.run('cp', '--quiet', path, `root/peer-results/${key}`))
    const read = await timed(() =>
      run('/bin/sh', [
        '-c',
        '"$0" "$@" >/dev/null',
        stack.mc.program,
        '--config-dir',
        stack.mc.configDir,
        'cat',
        `root/peer/${key}`,
      ]),
    )
    say(`  reading ${read.toFixed(2)} s, writing ${written.toFixed(2)} s`)
    return Math.max(read, written)
  },
}

export function measureChunk(size?: string): Promise<Measurement> {
  return compare('chunk', SCRIPT, size)
}

export function measureChunkIo(size?: string): Promise<Measurement> {
  return compare('chunk-io', ALONE, size)
}

async function compare(name: string, peer: Peer, size = '1GiB'): Promise<Measurement> {
  const path = await largeFilm(parseSizeBytes(size))
  say(`a film of ${Math.round((await stat(path)).size / 1e6)} MB`)
  const stack = await startTestStack({ env: { SLUICE_LOG_LEVEL: 'warn', SLUICE_FUNCTIONS_FILE: FUNCTIONS } })
  const runs = createRuns(stack)
  try {
    await stack.mc.run('mb', 'root/peer', 'root/peer-results')
    const seconds: { ours: number[]; peer: number[] } = { ours: [], peer: [] }
    for (let turn = 0; turn < WARM_UP + ROUNDS; turn++) {
      const bench = { stack, runs, path, key: `film-${turn}.mp4` }
      const took = { ours: 0, peer: 0 }
      for (const side of turn % 2 === 0 ? (['ours', 'peer'] as const) : (['peer', 'ours'] as const))
        took[side] = side === 'ours' ? await timeOurs(bench) : await timePeer(bench, peer)
      const label = turn < WARM_UP ? 'warm-up' : `round ${turn}`
      say(
        `${label}: ours ${took.ours.toFixed(2)} s, ${peer.what} ${took.peer.toFixed(2)} s, ${(took.ours / took.peer).toFixed(2)}`,
      )
      if (turn < WARM_UP) continue
      seconds.ours.push(took.ours)
      seconds.peer.push(took.peer)
    }
    const [ours, theirs] = [round(median(seconds.ours), 3), round(median(seconds.peer), 3)]
    return { name, unit: 's', ours, peer: theirs, ratio: round(ours / theirs, 3) }
  } finally {
    runs.close()
    await stack.stop()
  }
}

async function timeOurs({ stack, runs, path, key }: Bench): Promise<number> {
  await settled()
  await stack.mc.run('cp', '--quiet', path, `sluice/incoming/${key}`)
  const seconds = await timed(() =>
    waitFor(() => stack.storage.head('processed', `${key}/chunk/manifest.json`), {
      timeoutMs: LIMIT_MS,
      intervalMs: LOOK_MS,
      what: `the manifest of ${key}`,
    }),
  )
  await runs.reached(key, 'succeeded')
  const files = await runs.assertWhole('chunk', key)
  if (files.length < 2) throw new Error(`${key} was not cut`)
  await stack.mc.run(
    'rm',
    '--quiet',
    '--recursive',
    '--force',
    '--versions',
    'root/processed/',
    'root/incoming/',
  )
  return seconds
}

async function timePeer(bench: Bench, peer: Peer): Promise<number> {
  const { stack, path, key } = bench
  await stack.mc.run('cp', '--quiet', path, `root/peer/${key}`)
  await settled()
  const seconds = await peer.time(bench)
  await stack.mc.run('rm', '--quiet', '--recursive', '--force', 'root/peer/', 'root/peer-results/')
  return seconds
}

/** The other side's writes are on disk, not in flight while this side is timed. */
async function settled(): Promise<void> {
  await run('sync')
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now()
  await work()
  return (performance.now() - startedAtMs) / 1_000
}
