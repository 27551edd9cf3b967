/** The toolkit for authors: the function of the docs runs as it is printed there, and loudness is that of the function `audio`. */
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { localAttempt } from '../helpers/attempt.ts'
import { clipFolder, makeClip } from '../helpers/clips.ts'
import { ffmpegBuilds, withBuild } from '../helpers/ffmpeg-builds.ts'
import { integratedLufs } from '../helpers/loudness.ts'
import { localSource } from '../helpers/local-source.ts'

const folder = await clipFolder()
afterAll(() => rm(folder, { recursive: true }))

it('the docs print the watermark that is tried here', async () => {
  const [docs, code] = await Promise.all(
    ['docs/writing-functions.md', 'test/helpers/watermark.ts'].map((path) => readFile(path, 'utf8')),
  )
  const printed = code
    ?.replace('../../functions/media.ts', './media.ts')
    .replace('../../runtime/', '../runtime/')
  expect(docs).toContain(printed)
})

describe.each(await ffmpegBuilds())('with $name', (build) => {
  type Toolkit = typeof import('../../functions/media.ts')
  let toolkit: Toolkit
  let watermark: typeof import('../helpers/watermark.ts').watermark
  beforeAll(async () => {
    toolkit = await withBuild(build, () => import('../../functions/media.ts'))
    ;({ watermark } = await withBuild(build, () => import('../helpers/watermark.ts')))
  })

  it('a film gets its mark in the corner', async () => {
    const attempt = await localAttempt(watermark, { source: await makeClip(folder, 'faststart.mp4') })
    await attempt.run()
    const bytes = await readFile(join(attempt.folder, 'marked.mp4'))
    expect(bytes.indexOf('moov')).toBeLessThan(bytes.indexOf('mdat'))
    expect(attempt.progress.at(-1)?.percent).toBeGreaterThan(90)
    await attempt.remove()
  })

  it('loudness is measured', async () => {
    const clip = await makeClip(folder, 'tone.wav')
    const scratch = join(folder, crypto.randomUUID())
    await mkdir(scratch)
    const source = localSource(clip, { input: 'file', scratch, room: async () => {} })
    const { length } = await readFile(clip)
    const attempt = {
      source,
      scratch,
      event: { sizeBytes: length },
      signal: new AbortController().signal,
      progress: () => {},
    }
    const { lufs } = await toolkit.loudnessOf(attempt, await toolkit.inspect(attempt))
    expect(Math.abs((lufs ?? 0) - (await integratedLufs(build.ffmpegPath, clip)))).toBeLessThan(0.2)
    await source.close()
  })
})
