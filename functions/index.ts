/** Every function that runs. A function that is not listed does not exist. @module */
import { ffmpegBinaries } from './ffmpeg/build/binaries.ts'
import { checkFfmpeg } from './ffmpeg/build/checks.ts'
import { audio } from './audio.ts'
import { captions } from './captions.ts'
import { chunk } from './chunk.ts'
import { frames } from './frames.ts'
import { hls } from './hls.ts'
import { join } from './join.ts'
import { poster } from './poster.ts'
import { preview } from './preview.ts'
import { probe } from './probe.ts'
import { web } from './web.ts'
import { speech } from './speech.ts'
import { checkReception } from './reception/checks.ts'
import { reception } from './reception/reception.ts'
import { thumbnails } from './thumbnails.ts'
import type { ToolCheck } from '../runtime/index.ts'

export const functions = [
  chunk,
  probe,
  join,
  poster,
  thumbnails,
  preview,
  frames,
  audio,
  hls,
  speech,
  captions,
  web,
]

/** The tools they use, for `/healthz`. */
export async function tools(): Promise<Record<string, string>> {
  const { version, origin } = await ffmpegBinaries()
  return { ffmpeg: `${version} (${origin})` }
}

/** The checks of those in `sluice doctor`. */
export async function checks(): Promise<readonly ToolCheck[]> {
  return [...(await checkFfmpeg()), ...(await checkReception(process.env))]
}

/** Receives streams. */
export { reception }
