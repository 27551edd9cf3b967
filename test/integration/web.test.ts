/** The function `web`: one MP4 that plays at once, copied where every browser plays the copy. */
import { createHash } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FunctionDefinition } from '../../runtime/index.ts'
import { localAttempt } from '../helpers/attempt.ts'
import { clipFolder, makeClip, makeMedia, type ClipName } from '../helpers/clips.ts'
import { ffmpegBuilds, withBuild } from '../helpers/ffmpeg-builds.ts'
import { endsAfter, LOSES_SOURCE, spoiltFfmpeg } from '../helpers/spoilt-ffmpeg.ts'

const folder = await clipFolder()
afterAll(() => rm(folder, { recursive: true }))

describe.each(await ffmpegBuilds())('web with $name', (build) => {
  let [web, probe] = [] as unknown as readonly [FunctionDefinition, FunctionDefinition]
  beforeAll(async () => {
    ;({ web } = await withBuild(build, () => import('../../functions/web.ts')))
    ;({ probe } = await withBuild(build, () => import('../../functions/probe.ts')))
  })

  async function make(source: string, options: Readonly<Record<string, unknown>> = {}) {
    const attempt = await localAttempt(web, { source, options })
    try {
      const answer = (await attempt.run()) as { readonly isCopy: boolean }
      const path = join(attempt.folder, 'video.mp4')
      const seen = await localAttempt(probe, { source: path })
      await seen.run()
      await seen.remove()
      return { ...answer, bytes: await readFile(path), facts: attempt.facts, seen: seen.facts.probe }
    } finally {
      await attempt.remove()
    }
  }

  it.each<ClipName>(['moov-at-end.mp4', 'clip.mkv', 'clip.ts', 'clip.flv'])(
    'copies %s, and puts the tables in front',
    async (name) => {
      const { isCopy, bytes, facts, seen } = await make(await makeClip(folder, name))
      expect(isCopy).toBe(true)
      expect(bytes.indexOf('moov')).toBeLessThan(bytes.indexOf('mdat'))
      expect(facts.warnings.filter((warning) => warning.includes('re-encoded'))).toEqual([])
      expect(seen).toMatchObject({
        video: [{ codec: 'h264' }],
        audio: [{ codec: 'aac' }],
        durationSeconds: expect.closeTo(8, 0),
      })
    },
  )

  it.each<[ClipName, string]>([
    ['clip.webm', 'its codec is vp8'],
    ['clip.mpg', 'its codec is mpeg2video'],
  ])('re-encodes %s, and says why', async (name, why) => {
    const { isCopy, facts, seen } = await make(await makeClip(folder, name))
    expect(isCopy).toBe(false)
    expect(facts.warnings).toEqual([expect.stringContaining(`the picture was re-encoded: ${why}`)])
    expect(seen).toMatchObject({
      video: [{ codec: 'h264', width: 128, height: 72 }],
      audio: [{ codec: 'aac' }],
    })
  })

  it('makes a large picture smaller by its short side, and never a small one larger', async () => {
    const words = '-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac'
    const source = await makeMedia(join(folder, 'portrait.mp4'), words, 2, '200x400')
    expect((await make(source, { maxHeight: '144' })).seen).toMatchObject({
      video: [{ width: 144, height: 288 }],
    })
    const same = createHash('sha256')
      .update((await make(source)).bytes)
      .digest('hex')
    expect(same).toBe(
      createHash('sha256')
        .update((await make(source, { maxHeight: 2160 })).bytes)
        .digest('hex'),
    )
  })

  it('refuses a file without a picture, and names what would do', async () => {
    await expect(make(await makeClip(folder, 'tone.mp3'))).rejects.toMatchObject({
      name: 'PermanentError',
      message: 'the file has no picture; the function audio makes a file of its sound',
    })
  })

  it('keeps the intact part of a truncated film where that was asked for, and says where it ends', async () => {
    const path = join(folder, 'torn.mp4')
    const whole = await readFile(await makeClip(folder, 'faststart.mp4'))
    await writeFile(path, whole.subarray(0, whole.length * 0.6))
    await expect(make(path)).rejects.toThrow(/truncated.*; onTruncated=keep saves the intact part$/)
    const { facts, seen } = await make(path, { onTruncated: 'keep' })
    expect(facts.warnings.join('\n')).toMatch(/its video ends at \d\.\d+ s, and the source declares 8\.000 s/)
    expect(seen).toMatchObject({ video: [{ codec: 'h264' }] })
    const { durationSeconds } = seen as { readonly durationSeconds: number }
    expect(Math.abs(durationSeconds - (facts.totals['durationSeconds'] ?? 0))).toBeLessThan(0.2)
    expect(facts.totals['durationSeconds']).toBeLessThan(7)
  })

  it('says that FFmpeg has skipped a damaged part', async () => {
    const path = join(folder, 'holed.mkv')
    const bytes = await readFile(await makeClip(folder, 'clip.mkv'))
    const middle = Math.floor(bytes.length / 2)
    await writeFile(path, bytes.fill(0, middle, middle + 3_000))
    const { facts } = await make(path)
    expect(facts.warnings.join('\n')).toContain(
      'FFmpeg skipped a part of it, which is missing from the result',
    )
  })

  it.each([
    {
      name: 'its file ends before its source should',
      script: endsAfter(3),
      error: 'PermanentError',
      says: /^video\.mp4 is not whole: its video ends at 3\.\d+ s, and the source declares 8/,
    },
    {
      name: 'the source could not be read to its end, which some builds take for a success',
      script: LOSES_SOURCE,
      error: 'ToolError',
      says: /could not be read to its end/,
    },
    {
      name: 'a copy has met an error',
      // As FFmpeg ends then; without the word it would go on.
      where: '-xerror',
      script:
        'echo "Application provided invalid, non monotonically increasing dts to muxer in stream 0: 5 >= 4" >&2; exit 1',
      error: 'PermanentError',
      says: /^FFmpeg cannot copy the file: its timestamps are missing or out of order$/,
    },
    {
      name: 'its file is larger than its source can explain',
      script: '"$ffmpeg" "$@" && head -c 70000000 /dev/zero >> video.mp4',
      error: 'PermanentError',
      says: /^video\.mp4 is larger than the file can explain/,
    },
  ])('commits nothing when $name', async ({ where = '+faststart', script, error, says }) => {
    const path = join(folder, `spoilt-${build.origin}`)
    const spoilt = await spoiltFfmpeg({ build, path, where, script })
    const made = await withBuild(spoilt, () => import('../../functions/web.ts'))
    const attempt = await localAttempt(made.web, { source: await makeClip(folder, 'clip.mkv') })
    await expect(attempt.run()).rejects.toMatchObject({ name: error, message: expect.stringMatching(says) })
    expect(attempt.files).toEqual([])
    await attempt.remove()
  })
})
