/** incoming/clip.mp4 -> metadata/clip.mp4/probe/probe.json: a summary of the file and ffprobe's full description. @module */
import { defineFunction, STREAM_PIECES, type JsonValue } from '../runtime/index.ts'
import { ffmpegBinaries } from './ffmpeg/build/binaries.ts'
import { inspect } from './media/inspect.ts'
import { MEDIA_FILES } from './media/policy.ts'

export const probe = defineFunction(
  {
    name: 'probe',
    version: '1',
    // Pieces of a stream come every few seconds, and are chunks already.
    on: { bucket: 'incoming', match: MEDIA_FILES, ignore: [STREAM_PIECES], size: { max: '50GiB' } },
    output: { bucket: 'metadata' },
    timeout: '30m',
    stallTimeout: '60s',
    concurrency: 2,
  },
  async (c) => {
    const { event, source, output, signal, scratch } = c.var
    const {
      media,
      document,
      warnings = [],
    } = await inspect({ source, sizeBytes: event.sizeBytes, scratch, signal })
    const result = { ...media, ffprobe: document } as JsonValue
    await output.json(result, { name: 'probe.json', role: 'probe', pointer: 'probe.json' })
    output.describe({ probe: media, warnings, tools: { ffmpeg: (await ffmpegBinaries()).version } })
    return c.json({ video: media.video.length, audio: media.audio.length })
  },
)
