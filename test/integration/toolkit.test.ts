/** FFmpeg as functions of people's own run it. */
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Progress } from '../../runtime/index.ts'
import { clipFolder, makeClip } from '../helpers/clips.ts'
import { ffmpegBuilds, withBuild } from '../helpers/ffmpeg-builds.ts'

let folder = ''
let clip = ''
beforeAll(async () => {
  folder = await clipFolder()
  clip = await makeClip(folder, 'faststart.mp4')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe.each(await ffmpegBuilds())('the toolkit with $name', (build) => {
  const load = () => withBuild(build, () => import('../../functions/ffmpeg/toolkit.ts'))
  let scratch = ''
  let source = ''
  let reports: Progress[] = []
  const attempt = () => ({
    signal: new AbortController().signal,
    scratch,
    progress: (report: Progress) => void reports.push(report),
  })

  beforeEach(async () => {
    scratch = join(folder, crypto.randomUUID())
    source = join(scratch, 'source')
    reports = []
    await mkdir(scratch, { mode: 0o700 })
    await copyFile(clip, source)
  })

  it('makes a picture of a clip, and reports progress', async () => {
    const { ffmpeg } = await load()
    const output = '-map 0:V:0 -frames:v 1 -f image2 -update 1 poster.jpg'.split(' ')
    await ffmpeg(attempt(), { inputs: [source], output, durationSeconds: 0.04 })
    const picture = await readFile(join(scratch, 'poster.jpg'))
    expect(picture.subarray(0, 3).toString('hex')).toBe('ffd8ff')
    expect(reports.at(-1)?.percent).toBeGreaterThan(0)
  })

  it('reads several inputs', async () => {
    const { ffmpeg, ffprobe } = await load()
    const second = join(scratch, 'source-1')
    await copyFile(clip, second)
    const output = '-map 0:V:0 -map 1:a:0 -c copy both.mp4'.split(' ')
    await ffmpeg(attempt(), { inputs: [source, second], output })
    const words = '-show_entries stream=codec_type -of csv=p=0'.split(' ')
    expect(await ffprobe(attempt(), join(scratch, 'both.mp4'), words)).toEqual(['video', 'audio'])
  })

  it('fails at once on a file that is not media, with a sentence as the reason and the output lines', async () => {
    const { ffmpeg } = await load()
    await writeFile(source, 'not media at all')
    const failed = ffmpeg(attempt(), { inputs: [source], output: ['-c', 'copy', 'out.mp4'] })
    const error = await failed.catch((thrown: unknown) => thrown)
    // A fresh module for each build, so not the class that this file imports.
    expect(error).toMatchObject({ name: 'PermanentError' })
    expect(error).toMatchObject({ message: expect.stringMatching(/^ffmpeg failed: \S.*$/) as string })
    expect(error).toMatchObject({
      cause: { lastLines: expect.arrayContaining([expect.any(String)]) as string[] },
    })
  })

  it('does not follow an uploaded playlist', async () => {
    const { ffmpeg } = await load()
    await copyFile(clip, join(scratch, 'secret.mp4'))
    await writeFile(source, `#EXTM3U\n#EXTINF:1,\nfile:${join(scratch, 'secret.mp4')}\n#EXT-X-ENDLIST\n`)
    const failed = ffmpeg(attempt(), { inputs: [source], output: ['-c', 'copy', 'out.mp4'] })
    await expect(failed).rejects.toMatchObject({ name: 'PermanentError' })
    await expect(readFile(join(scratch, 'out.mp4'))).rejects.toThrow('ENOENT')
  })

  it('ends with its attempt', async () => {
    const { ffmpeg } = await load()
    const ending = new AbortController()
    const output = '-f null -'.split(' ')
    const running = ffmpeg(
      { ...attempt(), signal: ending.signal },
      { inputs: [source], output: ['-vf', 'loop=-1:100', ...output] },
    )
    ending.abort(new Error('cancelled'))
    await expect(running).rejects.toThrow('cancelled')
  })
})
