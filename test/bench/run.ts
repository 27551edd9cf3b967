/** `npm run bench -- <name> [size]`: runs one benchmark; its last line is one line of JSON. @module */
import { measureAdmit } from './admit.ts'
import { measureChunk, measureChunkIo } from './chunk.ts'
import { measureDispatch } from './dispatch.ts'
import { measureEncode } from './encode.ts'
import { measureLarge } from './large.ts'
import { measureLatency } from './latency.ts'
import { measureMemory } from './memory.ts'
import { measureObjects } from './objects.ts'
import { measureStartup } from './startup.ts'
import { measureStreamDelay, measureStreamHour, measureStreams } from './streams.ts'
import { measureWait } from './wait.ts'
import { parseSizeBytes } from '../../runtime/amounts.ts'

export interface Measurement {
  readonly name: string
  readonly unit: string
  /** Medians, or a peak where the name says so. */
  readonly ours: number
  /** Compared with this: another program's result, or a limit. */
  readonly peer: number
  /** Ours divided by the peer's. */
  readonly ratio: number
}

interface Benchmark {
  readonly measure: (size?: string) => Promise<Measurement>
  /** The unit of the size, in the words of the usage. */
  readonly size?: 'number' | 'bytes'
}

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  dispatch: { measure: measureDispatch, size: 'number' },
  wait: { measure: measureWait },
  objects: { measure: measureObjects, size: 'number' },
  latency: { measure: measureLatency },
  admit: { measure: measureAdmit, size: 'number' },
  memory: { measure: measureMemory, size: 'number' },
  chunk: { measure: measureChunk, size: 'bytes' },
  'chunk-io': { measure: measureChunkIo, size: 'bytes' },
  encode: { measure: measureEncode, size: 'number' },
  startup: { measure: measureStartup },
  large: { measure: measureLarge, size: 'bytes' },
  streams: { measure: measureStreams, size: 'number' },
  'streams-delay': { measure: measureStreamDelay },
  'streams-hour': { measure: measureStreamHour },
}

const SIZES = {
  number: { isRight: (text: string) => /^[1-9]\d{0,6}$/.test(text), like: 'a whole number, such as 100' },
  bytes: { isRight: isSize, like: 'a size, such as 100MiB' },
}

function isSize(text: string): boolean {
  try {
    return parseSizeBytes(text) > 0
  } catch {
    return false
  }
}

/** The error in the command line; undefined if there is none. */
function refusal(name: string, size: string | undefined): string | undefined {
  const benchmark = BENCHMARKS[name]
  if (!benchmark) return `there is no benchmark ${JSON.stringify(name)}`
  if (size === undefined) return undefined
  if (!benchmark.size) return `${name} takes no size`
  const { isRight, like } = SIZES[benchmark.size]
  return isRight(size) ? undefined : `the size of ${name} is ${like}, not ${JSON.stringify(size)}`
}

const [name = '', size] = process.argv.slice(2)
const wrong = refusal(name, size)
if (wrong === undefined) {
  const result = await BENCHMARKS[name]?.measure(size)
  process.stdout.write(`${JSON.stringify(result)}\n`)
} else {
  process.stderr.write(
    `${wrong}\nusage: npm run bench -- <name> [size]; there are: ${Object.keys(BENCHMARKS).join(', ')}\n`,
  )
  process.exitCode = 2
}
