import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { input, inspect, runMedia } from '../../functions/media.ts'
import { defineFunction, PermanentError } from '../../runtime/index.ts'

export const watermark = defineFunction(
  {
    name: 'watermark',
    version: '1',
    trigger: 'asked',
    on: { bucket: 'incoming', match: ['**/*.{mp4,mov,mkv,webm}'] },
    timeout: '6h',
  },
  async (c) => {
    const { output, scratch } = c.var
    const film = await inspect(c.var)
    if (film.media.video.length === 0) throw new PermanentError('the file has no picture')
    await copyFile(new URL('logo.png', import.meta.url), join(scratch, 'logo.png'))
    const graph = '[0:V:0][1:v]overlay=W-w-20:H-h-20,format=yuv420p[marked]'
    const words = '-map [marked] -map 0:a? -c:v libx264 -c:a aac -movflags +faststart marked.mp4'
    await runMedia(c.var, {
      work: 'encode',
      inputs: [input(film), ['-f', 'png_pipe', '-i', 'file:logo.png']],
      output: ['-filter_complex', graph, ...words.split(' ')],
      durationSeconds: film.media.durationSeconds,
    })
    const name = 'marked.mp4'
    const file = { path: join(scratch, name), name, role: 'video', contentType: 'video/mp4' }
    await output.upload({ ...file, pointer: name })
    output.describe({ warnings: film.warnings ?? [] })
    return c.json({ ok: true })
  },
)
