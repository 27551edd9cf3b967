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
import { promisify } from 'node:util'
import { parseSizeBytes } from '../../runtime/amounts.ts'
import type { TestStack } from '../helpers/stack.ts'
import { waitFor } from '../helpers/wait.ts'
import { compare, mapped, type Measurement, type Pass } from './harness/compare.ts'
import { startCpu } from './harness/cpu.ts'
import { withRuntimes, type Runtime } from './harness/tree.ts'
import { largeFilm } from './media-source.ts'
import type { Order } from './run.ts'
import { timeScript } from './script.ts'
import { say } from './statistics.ts'

const run = promisify(execFile)

/** Polling takes processor time from the side that is polled, and only ours is. */
const LOOK_MS = 50
const LIMIT_MS = 600_000

interface Film {
  /** On disk. */
  readonly path: string
  readonly key: string
}

interface Bench extends Film {
  readonly stack: TestStack
}

interface Peer {
  /** In seconds. The film is at `peer/<key>` too, which sends no notifications. */
  time(bench: Bench): Promise<number>
}

const SCRIPT: Peer = {
  time: ({ stack, key }) => timeScript(stack, `root/peer/${key}`, `root/peer-results/${key}/`),
}

/** The slower of reading and writing. */
const ALONE: Peer = {
  async time({ stack: { mc }, path, key }) {
    await mc.run('cp', '--quiet', path, 'root/peer-results/first')
    const written = await timed(() => mc.run('cp', '--quiet', path, `root/peer-results/${key}`))
    const cat = ['--config-dir', mc.configDir, 'cat', `root/peer/${key}`]
    const read = await timed(() => run('/bin/sh', ['-c', '"$0" "$@" >/dev/null', mc.program, ...cat]))
    say(`  reading ${read.toFixed(2)} s, writing ${written.toFixed(2)} s`)
    return Math.max(read, written)
  },
}

export function measureChunk(size: string | undefined, order: Order): Promise<Measurement> {
  return measure('chunk', SCRIPT, size, order)
}

export function measureChunkIo(size: string | undefined, order: Order): Promise<Measurement> {
  return measure('chunk-io', ALONE, size, order)
}

async function measure(
  name: string,
  peer: Peer,
  size = '1GiB',
  { rounds, before }: Order,
): Promise<Measurement> {
  const path = await largeFilm(parseSizeBytes(size))
  say(`a film of ${Math.round((await stat(path)).size / 1e6)} MB`)
  return withRuntimes(before, { functions: 'media-functions.ts' }, async (runtimes) => {
    const { stack } = runtimes.ours
    await stack.mc.run('mb', 'root/peer', 'root/peer-results')
    const filmOf = (round: number) => ({ path, key: `film-${round}.mp4` })
    return compare({
      name,
      unit: 's',
      rounds,
      digits: 2,
      parts: 'CPU s',
      sides: {
        ...mapped(runtimes, (runtime) => (round: number) => passOurs(runtime, filmOf(round))),
        peer: (round) => passPeer({ stack, ...filmOf(round) }, peer),
      },
    })
  })
}

async function passOurs({ stack, runs, pids }: Runtime, { path, key }: Film): Promise<Pass> {
  await settled()
  await stack.mc.run('cp', '--quiet', path, `sluice/incoming/${key}`)
  const cpu = startCpu(pids())
  const value = await timed(() =>
    waitFor(() => stack.storage.head('processed', `${key}/chunk/manifest.json`), {
      timeoutMs: LIMIT_MS,
      intervalMs: LOOK_MS,
      what: `the manifest of ${key}`,
    }),
  )
  await runs.reached(key, 'succeeded')
  const parts = cpu(1_000)
  const files = await runs.assertWhole('chunk', key)
  if (files.length < 2) throw new Error(`${key} was not cut`)
  const words = ['--quiet', '--recursive', '--force', '--versions']
  await stack.mc.run('rm', ...words, 'root/processed/', 'root/incoming/')
  return { value, parts }
}

async function passPeer(bench: Bench, peer: Peer): Promise<Pass> {
  const { stack, path, key } = bench
  await stack.mc.run('cp', '--quiet', path, `root/peer/${key}`)
  await settled()
  // The programs of the script are children of this process.
  const cpu = startCpu({ minio: [stack.minio.pid ?? 0], benchmark: [process.pid] })
  const value = await peer.time(bench)
  const parts = cpu(1_000)
  await stack.mc.run('rm', '--quiet', '--recursive', '--force', 'root/peer/', 'root/peer-results/')
  return { value, parts }
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
