/**
 * Poster and thumbnails of a film by its keyframes, in CPU time: `npm run bench -- pictures 3600` (seconds of film; the default). The
 * peer decodes the same film once, and does nothing with it. The functions themselves, with a source as large ones have it: by
 * ranges, through the proxy.
 * @module
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { findBinaries } from '../../functions/ffmpeg/build/binaries.ts'
import { poster } from '../../functions/poster.ts'
import { thumbnails } from '../../functions/thumbnails.ts'
import type { FunctionDefinition } from '../../runtime/index.ts'
import { localAttempt } from '../helpers/attempt.ts'
import { compare, type Measurement, type Pass } from './harness/compare.ts'
import { startCpu } from './harness/cpu.ts'
import { longFilm } from './media-source.ts'
import type { Order } from './run.ts'
import { say } from './statistics.ts'

const run = promisify(execFile)

export async function measurePictures(seconds = '3600', { rounds }: Order): Promise<Measurement> {
  const path = await longFilm(Number(seconds))
  let largestBytes = 0
  const measurement = await compare({
    name: 'pictures',
    unit: 'CPU s',
    // A decode of an hour takes minutes, and its CPU time differs little.
    rounds: Math.min(rounds, 3),
    warmUp: 0,
    digits: 2,
    sides: {
      ours: async () => {
        const pass = await cpuOf(async () => {
          await make(poster, path, 1)
          await make(thumbnails, path, Math.ceil(Number(seconds) / 5))
        })
        largestBytes = Math.max(largestBytes, process.memoryUsage.rss())
        return pass
      },
      peer: () => cpuOf(() => decodeAll(path)),
    },
  })
  say(`memory of this process: ${Math.round(largestBytes / 1e6)} MB`)
  return measurement
}

async function cpuOf(work: () => Promise<void>): Promise<Pass> {
  const cpu = startCpu({ benchmark: [process.pid] })
  await work()
  return { value: cpu(1_000)['all'] ?? NaN }
}

async function make(definition: FunctionDefinition, source: string, pictures: number): Promise<void> {
  const attempt = await localAttempt(definition, { source, input: 'url' })
  try {
    await attempt.run()
    const { candidates = 0, tiles = 0 } = attempt.facts.totals
    if (tiles + candidates < pictures)
      throw new Error(`${definition.name} has ${tiles + candidates} pictures`)
  } finally {
    await attempt.remove()
  }
}

async function decodeAll(path: string): Promise<void> {
  const { ffmpegPath } = await findBinaries(process.env)
  const words = `-hide_banner -nostdin -loglevel error -i file:${path} -map 0:v -f null -`
  await run(ffmpegPath, words.split(' '), { env: { GCONV_PATH: '/nonexistent' } })
}
