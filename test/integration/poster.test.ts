/** `poster` on generated clips: the picture is upright, in its shape and colours, and shows something. */
import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { imageSize } from '../../functions/pictures/image-size.ts'
import { leftovers, pathsOf, type LocalAttempt } from '../helpers/attempt.ts'
import { clipFolder, makeMedia } from '../helpers/clips.ts'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'
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

describe.each(await ffmpegBuilds())('poster with $name', (build) => {
  const used = useFunction(build, 'poster')
  const posterOf = async (path: string, options = {}, rest = {}) => {
    const attempt = await used.make(path, options, rest)
    attempts.push(attempt)
    expect(await leftovers(attempt)).toEqual([])
    const [file = ''] = pathsOf(attempt)
    return { ...attempt.facts, file, size: imageSize(await readFile(file)), files: attempt.files }
  }
  const of = async (name: FilmName, options = {}) => posterOf(await makeFilm(folder, name), options)

  it('is one picture with a stable name, and its manifest has its time', async () => {
    const { totals, files, warnings, size } = await of('film.mp4')
    expect(files).toMatchObject([
      { name: 'poster.jpg', role: 'poster', contentType: 'image/jpeg', pointer: 'poster.jpg' },
    ])
    expect(totals).toEqual({ atSeconds: 0.8, candidates: 1, width: 128, height: 72 })
    expect(size).toEqual({ width: 128, height: 72 })
    expect(warnings).toEqual([])
  })

  it('passes over a black opening, and says so of a film that is black all the time', async () => {
    const { totals } = await of('black opening.mp4')
    expect(totals['atSeconds']).toBeGreaterThanOrEqual(3)
    const black = await of('black.mp4')
    expect(black.warnings).toEqual([expect.stringMatching(/^all 7 pictures .* dark, white or flat/)])
  })

  it.each(['jpg', 'webp', 'png'])('is a %s in the colours of the film', async (format) => {
    const { file, files } = await of('red.mp4', { format, width: '64' })
    expect(files[0]?.name).toBe(`poster.${format}`)
    if (format === 'webp' && build.origin === 'embedded') return
    const [red = 0, green = 255, blue = 255] = await pixelsOf(file, 1, 1)
    expect(red).toBeGreaterThan(244)
    expect(Math.max(green, blue)).toBeLessThan(10)
  })

  it('is upright', async () => {
    const { file, size } = await posterOf(await turn(folder, await makeFilm(folder, 'halves.mp4')))
    expect(size).toEqual({ width: 72, height: 128 })
    const [top = 255, , , bottom = 0] = await pixelsOf(file, 1, 2)
    expect([top < 25, bottom > 225]).toEqual([true, true])
  })

  it.each([
    ['anamorphic.mp4', { width: '512' }, { width: 512, height: 288 }],
    ['anamorphic.mp4', {}, { width: 1024, height: 576 }],
    ['odd.mp4', {}, { width: 162, height: 90 }],
    ['hdr.mp4', {}, { width: 128, height: 72 }],
    ['interlaced.mpg', { width: '320' }, { width: 320, height: 180 }],
    ['one picture.mp4', {}, { width: 128, height: 72 }],
    ['a second.mp4', {}, { width: 128, height: 72 }],
    ['one keyframe.mp4', { at: '7.5' }, { width: 128, height: 72 }],
  ] as const)('of %s with %j has square pixels and no more than it had', async (name, options, planned) => {
    const { size, warnings } = await of(name, options)
    expect([size, warnings]).toEqual([planned, []])
  })

  it('shows the picture of the time that is asked for', async () => {
    const film = await makeFilm(folder, 'black opening.mp4')
    const dark = await posterOf(film, { at: '2.9' })
    const light = await posterOf(film, { at: '3.1' })
    expect(Math.max(...(await pixelsOf(dark.file, 1, 1)))).toBeLessThan(15)
    expect(Math.max(...(await pixelsOf(light.file, 1, 1)))).toBeGreaterThan(60)
    await expect(posterOf(film, { at: '9' })).rejects.toThrow(
      /^no picture begins at 9 s or later: the film ends at 8\.000 s; choose a smaller "at"$/,
    )
  })

  it('of a sound file is its cover, and without one there is none', async () => {
    const sound = await makeFilm(folder, 'sound.mp3')
    await expect(posterOf(sound)).rejects.toThrow(/^the file has neither a picture nor a cover/)
    const image = await makeMedia(join(folder, 'image.jpg'), '-map 0 -frames:v 1 -vf scale=300:300,setsar=1')
    const album = await makeMedia(
      join(folder, 'album.mp3'),
      `-i ${sound} -i ${image} -map 2 -map 3 -c copy -id3v2_version 3`,
    )
    const { size, warnings } = await posterOf(album, { width: '200' })
    expect(size).toEqual({ width: 200, height: 200 })
    expect(warnings).toEqual(['the file has sound and no film: its poster is its cover'])
  })

  it('is refused with a reason for other files and torn ones, and made of the intact part when asked', async () => {
    await expect(of('encrypted.mp4')).rejects.toThrow(/^the file is encrypted/)
    const empty = join(folder, 'empty.mp4')
    await writeFile(empty, '')
    await expect(posterOf(empty)).rejects.toThrow(/^the file is empty/)
    const gif = await makeMedia(join(folder, 'image.gif'), '-map 0 -frames:v 2')
    await expect(posterOf(gif)).rejects.toThrow(/^the file is a GIF picture$/)
    const mkv = await makeMedia(join(folder, 'torn.mkv'), '-map 0 -c:v libx264 -preset ultrafast -g 25')
    await truncate(mkv, 60_000)
    await expect(posterOf(mkv)).rejects.toThrow(
      /^the file is truncated.*; onTruncated=keep saves the intact part$/,
    )
    const kept = await posterOf(mkv, { onTruncated: 'keep' })
    expect(kept.warnings).toEqual([expect.stringMatching(/^the file is truncated/)])
  })

  it('is made of a large source by its address, without reading all of it', async () => {
    const { totals } = await posterOf(await makeFilm(folder, 'film.mp4'), {}, { input: 'url' })
    expect(totals).toMatchObject({ candidates: 1 })
  })
})
