/** `npm run bench -- <name>`: runs one benchmark; its last line is one line of JSON. @module */
import { measureLatency } from './latency.ts'

export interface Measurement {
  readonly name: string
  readonly unit: string
  /** Medians. */
  readonly ours: number
  readonly peer: number
  /** Ours divided by the peer's. */
  readonly ratio: number
}

const BENCHMARKS: Readonly<Record<string, () => Promise<Measurement>>> = { latency: measureLatency }

const [name = ''] = process.argv.slice(2)
const measure = BENCHMARKS[name]
if (measure) {
  process.stdout.write(`${JSON.stringify(await measure())}\n`)
} else {
  process.stderr.write(`usage: npm run bench -- <name>; there are: ${Object.keys(BENCHMARKS).join(', ')}\n`)
  process.exitCode = 2
}
