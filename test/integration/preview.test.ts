/** `preview` and `frames` on generated clips: a loop and a sheet of a film, and single pictures with their times. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { imageSize } from '../../functions/pictures/image-size.ts'
import { leftovers, localAttempt, type LocalAttempt } from '../helpers/attempt.ts'
import { clipFolder, decoded, makeMedia } from '../helpers/clips.ts'
import { ffmpegBuilds, withBuild } from '../helpers/ffmpeg-builds.ts'
import { spoiltFfmpeg } from '../helpers/spoilt-ffmpeg.ts'
import { makeFilm, pixelsOf, turn, useFunction, type FilmName } from '../helpers/pictures.ts'

let folder = ''
beforeAll(async () => {
  folder = await clipFolder()
})
afterAll(() => rm(folder, { recursive: true }))

const attempts: LocalAttempt[] = []
afterAll(async () => {
  for (const attempt of attempts) await attempt.remove()
})

async function kept(making: Promise<LocalAttempt>): Promise<LocalAttempt> {
  const attempt = await making
  attempts.push(attempt)
  expect(await leftovers(attempt)).toEqual([])
  return attempt
}
const sizeIn = async (attempt: LocalAttempt, name: string) =>
  imageSize(await readFile(join(attempt.folder, name)))

describe.each(await ffmpegBuilds())('preview with $name', (build) => {
  const used = useFunction(build, 'preview')
  const of = async (path: string, options = {}) => kept(used.make(path, options))
  const ofFilm = async (name: FilmName, options = {}) => of(await makeFilm(folder, name), options)

  it('is a loop without sound in two formats, and a sheet, each with a stable name', async () => {
    const attempt = await ofFilm('late picture.mkv', {
      clips: '3',
      seconds: '0.5',
      sheet: '3x2',
      width: '64',
    })
    expect(attempt.files.map(({ name, role, pointer }) => [name, role, pointer])).toEqual([
      ['preview.mp4', 'preview', 'preview.mp4'],
      ['preview.webp', 'preview', 'preview.webp'],
      ['sheet.jpg', 'sheet', 'sheet.jpg'],
    ])
    expect(attempt.facts.warnings).toEqual([])
    expect(attempt.facts.totals).toMatchObject({ clips: 3, width: 64, height: 36 })
    const { frames, samples, complaints } = await decoded(join(attempt.folder, 'preview.mp4'))
    expect([frames / 10, samples, complaints]).toEqual([attempt.facts.totals['durationSeconds'], 0, ''])
    expect(await sizeIn(attempt, 'preview.webp')).toEqual({ width: 64, height: 36 })
    const pictures = attempt.facts.totals['pictures'] ?? 0
    expect(pictures).toBeGreaterThan(3)
    expect(await sizeIn(attempt, 'sheet.jpg')).toEqual({ width: 192, height: 36 * Math.ceil(pictures / 3) })
  })

  it('is of the film alone where a subtitle lasts for days, and nothing else says how long the film is', async () => {
    const srt = join(folder, 'days.srt')
    await writeFile(srt, '1\n00:00:03,000 --> 99:00:00,000\nfor days\n')
    const path = join(folder, `days-${build.origin}.mkv`)
    const words = `-i ${srt} -map 0 -map 2 -c:v libx264 -preset ultrafast -g 25 -pix_fmt yuv420p -c:s srt`
    const bytes = await readFile(await makeMedia(path, words))
    // As programs write it that count no stream: the names of the tags of FFmpeg are others.
    for (let at = bytes.indexOf('DURATION'); at >= 0; at = bytes.indexOf('DURATION')) bytes.write('X', at)
    await writeFile(path, bytes)
    const attempt = await of(path, { format: 'mp4', sheet: '2x2', width: '64' })
    expect(attempt.facts).toMatchObject({ warnings: [], totals: { clips: 4, pictures: 4 } })
    expect(attempt.facts.totals['durationSeconds']).toBeGreaterThan(2)
  })

  it('has a sheet no larger than the pictures of a film that has few', async () => {
    const words =
      '-map 0 -vf setpts=N*0.5/TB,scale=64:36 -frames:v 4 -vsync passthrough -c:v libx264 -pix_fmt yuv420p'
    const path = await makeMedia(join(folder, 'few.mkv'), words)
    const attempt = await of(path, { format: 'mp4', sheet: '4x4', width: '64' })
    const pictures = attempt.facts.totals['pictures'] ?? 0
    expect(pictures).toBeGreaterThan(1)
    expect(pictures).toBeLessThan(5)
    expect(await sizeIn(attempt, 'sheet.jpg')).toEqual({ width: 64 * pictures, height: 36 })
  })

  it('decodes a short film once for its sheet, and does not seek each picture', async () => {
    const spoilt = await spoiltFfmpeg({
      build,
      path: join(folder, `seekless-${build.origin}`),
      where: 'tile-00.png',
      script: 'exit 1',
    })
    const { preview } = await withBuild(spoilt, () => import('../../functions/preview.ts'))
    const options = { format: 'mp4', width: '64' }
    const attempt = await localAttempt(preview, { source: await makeFilm(folder, 'film.mp4'), options })
    attempts.push(attempt)
    await attempt.run()
    expect(attempt.facts).toMatchObject({ warnings: [], totals: { pictures: 16 } })
    expect(await sizeIn(attempt, 'sheet.jpg')).toEqual({ width: 256, height: 144 })
  })

  it('shows clips of the whole film in its order', async () => {
    const attempt = await ofFilm('black opening.mp4', { format: 'mp4', sheet: '8x1' })
    expect(attempt.files.map(({ name }) => name)).toEqual(['preview.mp4', 'sheet.jpg'])
    const pixels = await pixelsOf(join(attempt.folder, 'sheet.jpg'), 8, 1)
    const isLight = [0, 1, 2, 3, 4, 5, 6, 7].map(
      (place) => Math.max(...pixels.slice(place * 3, place * 3 + 3)) > 40,
    )
    expect(isLight).toEqual([false, false, false, true, true, true, true, true])
  })

  it.each([
    ['one picture.mp4', 1, 1],
    ['a second.mp4', 1, 4],
    ['hdr.mp4', 4, 4],
    ['interlaced.mpg', 4, 4],
    ['one keyframe.mp4', 4, 4],
  ] as const)('of %s has %i clips and %i pictures', async (name, clips, pictures) => {
    const { facts } = await ofFilm(name, { sheet: '2x2', width: '64' })
    expect([facts.totals['clips'], facts.totals['pictures'], facts.warnings]).toEqual([clips, pictures, []])
  })

  it('is upright, and refused for sound', async () => {
    const attempt = await of(await turn(folder, await makeFilm(folder, 'halves.mp4')), { sheet: '1x1' })
    for (const name of ['preview.mp4', 'sheet.jpg']) {
      const [top = 255, , , bottom = 0] = await pixelsOf(join(attempt.folder, name), 1, 2)
      expect([name, top < 25, bottom > 225]).toEqual([name, true, true])
    }
    await expect(ofFilm('sound.mp3')).rejects.toThrow(
      /^the file has no film, so there are no previews of it$/,
    )
    await expect(ofFilm('encrypted.mp4')).rejects.toThrow(/^the file is encrypted/)
  })
})

describe.each(await ffmpegBuilds())('frames with $name', (build) => {
  const used = useFunction(build, 'frames')
  const of = async (path: string, options = {}) => {
    const attempt = await kept(used.make(path, options))
    for (const { name } of attempt.files) {
      const { width, height } = attempt.facts.totals
      expect(await sizeIn(attempt, name)).toEqual({ width, height })
    }
    return attempt
  }
  const ofFilm = async (name: FilmName, options = {}) => of(await makeFilm(folder, name), options)
  const timesOf = ({ files }: LocalAttempt) => files.map(({ chunk }) => chunk?.startSeconds)

  it('are twenty pictures with their times', async () => {
    const attempt = await ofFilm('film.mp4')
    expect(timesOf(attempt)).toEqual(
      Array.from({ length: 20 }, (_, place) => expect.closeTo(place * 0.4, 6) as number),
    )
    expect(attempt.files.at(-1)).toMatchObject({
      name: 'frame-00019.jpg',
      role: 'frame',
      chunk: { index: 19, startSeconds: 7.6, durationSeconds: expect.closeTo(0.4, 6) as number },
    })
    expect(attempt.facts.warnings).toEqual([])
  })

  it('far apart are found by seeking, each once, at the time at which it is shown', async () => {
    const words =
      '-map 0 -vf setpts=N*7/TB,scale=64:36 -frames:v 5 -vsync passthrough -c:v libx264 -pix_fmt yuv420p'
    const attempt = await of(await makeMedia(join(folder, 'slow.mkv'), words), { every: '5' })
    expect(timesOf(attempt)).toEqual([0, 7, 14, 21, 28])
  })

  it('are one for each scene when asked, and no more than asked for', async () => {
    const scenes = await ofFilm('black opening.mp4', { scene: '0.3' })
    expect(timesOf(scenes)).toEqual([0, 3])
    const some = await ofFilm('film.mp4', { every: '1', max: '3' })
    expect(timesOf(some)).toEqual([0, 1, 2])
    expect(some.files.at(-1)?.chunk?.durationSeconds).toBe(1)
    expect(some.facts.warnings).toEqual([
      'the frames end at 2.0 s of its 8.0 s: there are as many as "max" allows (3)',
    ])
  })

  it.each([
    ['one picture.mp4', [0]],
    ['one keyframe.mp4', [0, 5]],
    ['hdr.mp4', [0, 5]],
  ] as const)('of %s are at %j', async (name, times) => {
    const attempt = await ofFilm(name, { every: '5' })
    expect(timesOf(attempt)).toEqual(times)
  })

  it('are refused for sound, and when all of them would be too large', async () => {
    await expect(ofFilm('sound.mp3')).rejects.toThrow(/^the file has no film, so there are no frames of it$/)
    const large = await makeMedia(
      join(folder, 'large.mp4'),
      '-map 0 -s 1920x1080 -frames:v 2 -c:v libx264',
      1,
    )
    await expect(of(large, { max: '2000', width: '3840' })).rejects.toThrow(
      /^2000 frames of 1920 x 1080 are more than the 2000000000 pixels/,
    )
  })
})
