/** `npm run bench -- <name> [size]`: runs one benchmark; its last line is one line of JSON. @module */
import { measureAdmit } from './admit.ts'
import { measureChunk, measureChunkIo } from './chunk.ts'
import { measureDispatch } from './dispatch.ts'
import { measureEncode } from './encode.ts'
import { measureLarge } from './large.ts'
import { measureLatency } from './latency.ts'
import { measureMemory } from './memory.ts'
import { measureObjects } from './objects.ts'
import { measureWait } from './wait.ts'

export interface Measurement {
  readonly name: string
  readonly unit: string
  /** Medians, or a peak where the name says so. */
  readonly ours: number
  /** What it is measured against: another program's, or a limit. */
  readonly peer: number
  /** Ours divided by the peer's. */
  readonly ratio: number
}

const BENCHMARKS: Readonly<Record<string, (size?: string) => Promise<Measurement>>> = {
  dispatch: measureDispatch,
  wait: measureWait,
  objects: measureObjects,
  latency: measureLatency,
  admit: measureAdmit,
  memory: measureMemory,
  chunk: measureChunk,
  'chunk-io': measureChunkIo,
  encode: measureEncode,
  large: measureLarge,
}

const [name = '', size] = process.argv.slice(2)
const measure = BENCHMARKS[name]
if (measure) {
  process.stdout.write(`${JSON.stringify(await measure(size))}\n`)
} else {
  process.stderr.write(
    `usage: npm run bench -- <name> [size]; there are: ${Object.keys(BENCHMARKS).join(', ')}\n`,
  )
  process.exitCode = 2
}
