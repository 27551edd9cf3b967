/**
 * `npm run bench -- <name> [size]` runs one benchmark: its last line is one line of JSON. `all` runs each, one after the other,
 * and writes the table of `docs/benchmarks.md`, as `--write` does for one.
 * @module
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { rootDir } from '../../infra/local/root.ts'
import { measureAdmit } from './admit.ts'
import { measureChunk, measureChunkIo } from './chunk.ts'
import { measureConsole } from './console.ts'
import { measureDispatch } from './dispatch.ts'
import { measureEncode } from './encode.ts'
import { parseArguments, type Takes, type Wanted } from './harness/arguments.ts'
import type { Measurement } from './harness/compare.ts'
import { describeCommit, describeMachine, watchMachine } from './harness/machine.ts'
import { withResults, type Aim, type Result } from './harness/table.ts'
import { hashOf, withTree, type Tree } from './harness/tree.ts'
import { measureHls, measureHlsLadder } from './hls.ts'
import { measureIdle } from './idle.ts'
import { measureLarge } from './large.ts'
import { measureLatency } from './latency.ts'
import { measureMemory } from './memory.ts'
import { measureObjects, measureObjectsFair } from './objects.ts'
import { installPeer } from './peer/install.ts'
import { measurePictures } from './pictures.ts'
import { measureStartup } from './startup.ts'
import { say } from './statistics.ts'
import { measureStreamDelay, measureStreamHour, measureStreams } from './streams.ts'
import { measureWait } from './wait.ts'

export type { Measurement } from './harness/compare.ts'

/** How a benchmark is run this time. */
export interface Order {
  /** That count. */
  readonly rounds: number
  /** The tree of `--against`. */
  readonly before?: Tree | undefined
}

interface Benchmark extends Takes {
  readonly measure: (size: string | undefined, order: Order) => Promise<Measurement>
  /** The size with `--quick`. */
  readonly quick?: string
  readonly aim: Aim
}

const ROUNDS = 7
const QUICK_ROUNDS = 3
const DOCUMENT = join(rootDir, 'docs', 'benchmarks.md')

const against = true
const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  dispatch: { measure: measureDispatch, size: 'number', quick: '6000', against, aim: { atLeast: 1.3 } },
  wait: { measure: measureWait, against, aim: { atMost: 1 } },
  objects: { measure: measureObjects, size: 'number', quick: '300', against, aim: { atLeast: 0.85 } },
  'objects-fair': { measure: measureObjectsFair, size: 'number', quick: '300', against, aim: { atLeast: 1 } },
  idle: { measure: measureIdle, aim: { atMost: 1.3 } },
  latency: { measure: measureLatency, against, aim: { atMost: 0.01 } },
  admit: { measure: measureAdmit, size: 'number', quick: '3000', aim: { atMost: 1 } },
  memory: { measure: measureMemory, size: 'number', quick: '20000', aim: { atMost: 1.2 } },
  chunk: { measure: measureChunk, size: 'bytes', quick: '256MiB', against, aim: { atMost: 0.6 } },
  'chunk-io': { measure: measureChunkIo, size: 'bytes', quick: '256MiB', against, aim: { atMost: 1.3 } },
  encode: { measure: measureEncode, size: 'number', quick: '20', aim: { atMost: 1.05 } },
  console: { measure: measureConsole, aim: { atMost: 1 } },
  startup: { measure: measureStartup, aim: { atMost: 1 } },
  pictures: { measure: measurePictures, size: 'number', quick: '600', aim: { atMost: 0.1 } },
  hls: { measure: measureHls, size: 'number', quick: '600', aim: { atMost: 0.25 } },
  'hls-ladder': { measure: measureHlsLadder, size: 'number', quick: '20', aim: { atMost: 1.1 } },
  large: { measure: measureLarge, size: 'bytes', quick: '256MiB', aim: { atMost: 1 } },
  streams: { measure: measureStreams, size: 'number', quick: '2', aim: { atMost: 3 } },
  'streams-delay': { measure: measureStreamDelay, aim: { atMost: 1 } },
  'streams-hour': { measure: measureStreamHour, aim: { atMost: 2 } },
}

async function measureEach({ names, size, isQuick, isWritten }: Wanted, before?: Tree): Promise<void> {
  const rounds = isQuick ? QUICK_ROUNDS : ROUNDS
  for (const name of names) {
    const benchmark = BENCHMARKS[name] as Benchmark
    if (names.length > 1) say(`\n${name}`)
    const watched = await watchMachine()
    try {
      const measurement = await benchmark.measure(size ?? (isQuick ? benchmark.quick : undefined), {
        rounds,
        before: benchmark.against ? before : undefined,
      })
      const machine = await watched()
      say(`load ${machine.load.toFixed(1)} at the start, steal ${machine.stealPercent.toFixed(1)} %`)
      // At once: hours may pass until all are there.
      if (isWritten) {
        const commit = await describeCommit()
        await write({ measurement, aim: benchmark.aim, machine, at: new Date(), commit })
      }
      say(JSON.stringify(measurement))
    } catch (error) {
      if (names.length === 1) throw error
      // Its row stays as it was; the others are still to be measured.
      process.stderr.write(`${name} failed: ${error instanceof Error ? error.stack : String(error)}\n`)
      process.exitCode = 1
    }
  }
}

async function write(result: Result): Promise<void> {
  const text = withResults(
    await readFile(DOCUMENT, 'utf8'),
    [result],
    await describeMachine(await installPeer()),
  )
  await writeFile(DOCUMENT, await format(text, { ...(await resolveConfig(DOCUMENT)), parser: 'markdown' }))
}

const wanted = parseArguments(process.argv.slice(2), BENCHMARKS)
if (typeof wanted === 'string') refuse(wanted)
else if (wanted.against === undefined) await measureEach(wanted)
else {
  const hash = await hashOf(wanted.against)
  if (hash) await withTree(hash, (tree) => measureEach(wanted, tree))
  else
    refuse(
      `git knows no commit ${JSON.stringify(wanted.against)} here; a shallow clone has only the last ones`,
    )
}

function refuse(why: string): void {
  const usage = 'npm run bench -- <name>|all [size] [--quick] [--against <commit>] [--write]'
  process.stderr.write(`${why}\nusage: ${usage}; there are: ${Object.keys(BENCHMARKS).join(', ')}\n`)
  process.exitCode = 2
}
