/** The function `captions`: text subtitles of any kind as WebVTT that a strict parser of others reads without complaint. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FunctionDefinition } from '../../runtime/index.ts'
import { localAttempt } from '../helpers/attempt.ts'
import { clipFolder, makeClip, makeMedia } from '../helpers/clips.ts'
import { ffmpegBuilds, withBuild } from '../helpers/ffmpeg-builds.ts'
import { strictWebvtt } from '../helpers/strict-webvtt.ts'

const folder = await clipFolder()
afterAll(() => rm(folder, { recursive: true }))

const SRT = `1
00:00:01,000 --> 00:00:02,500
Hello <i>you</i> --> & <b>bold

2
00:00:02,000 --> 00:00:04,000
<font color="red">red</font> 1 < 2
line two

3
00:00:05,000 --> 00:00:05,000
nothing

4
00:00:06,000 --> 00:00:30,000
{\\an8}to the end
`

describe.each(await ffmpegBuilds())('captions with $name', (build) => {
  let captions: FunctionDefinition
  beforeAll(async () => {
    ;({ captions } = await withBuild(build, () => import('../../functions/captions.ts')))
  })

  async function make(source: string, options = {}) {
    const attempt = await localAttempt(captions, { source, options })
    try {
      await attempt.run()
      const texts = new Map<string, string>()
      for (const { name } of attempt.files)
        texts.set(name, String(await readFile(join(attempt.folder, name))))
      return { texts, facts: attempt.facts, files: attempt.files }
    } finally {
      await attempt.remove()
    }
  }

  it.each([
    ['film.mkv', 'srt'],
    ['film.mp4', 'mov_text'],
    ['styled.mkv', 'ass'],
  ])('of %s with %s are one file, in which no text tears a cue', async (name, encoder) => {
    const srt = join(folder, 'film.srt')
    await writeFile(srt, SRT)
    const words = `-i ${srt} -map 0 -map 1 -map 2 -c:v libx264 -preset ultrafast -c:a aac -c:s ${encoder} -metadata:s:s:0 language=deu -t 8`
    const { texts, facts, files } = await make(await makeMedia(join(folder, name), words))
    expect(files).toMatchObject([{ name: 'deu-0.vtt', role: 'captions', contentType: 'text/vtt' }])
    const { cues, errors } = strictWebvtt(texts.get('deu-0.vtt') ?? '')
    expect(errors).toEqual([])
    expect(cues).toHaveLength(3)
    // FFmpeg's own MP4 subtitles lose a tag that is not closed.
    expect(texts.get('deu-0.vtt')).toMatch(/^Hello <i>you<\/i> --&gt; &amp; (<b>bold<\/b>|bold)$/m)
    expect(texts.get('deu-0.vtt')).toContain('red 1 &lt; 2\nline two')
    expect(cues[2]?.startTime).toBeCloseTo(6, 1)
    expect(cues[2]?.endTime).toBeLessThan(8.2)
    expect(facts.totals).toEqual({ captions: 1, cues: 3 })
  })

  it('of a truncated film are those of its intact part where that was asked for', async () => {
    const srt = join(folder, 'torn.srt')
    await writeFile(srt, SRT)
    const words = `-i ${srt} -map 0 -map 2 -c:v libx264 -preset ultrafast -g 25 -c:s srt -t 8`
    const path = await makeMedia(join(folder, `torn-${build.origin}.mkv`), words)
    const bytes = await readFile(path)
    await writeFile(path, bytes.subarray(0, bytes.length * 0.6))
    await expect(make(path)).rejects.toThrow(
      /^the file is truncated.*; onTruncated=keep saves the intact part$/,
    )
    const { texts, facts } = await make(path, { onTruncated: 'keep' })
    expect(strictWebvtt(texts.get('und-0.vtt') ?? '').cues.length).toBeGreaterThan(0)
    expect(facts.warnings).toEqual([expect.stringMatching(/^the file is truncated: its header declares/)])
  })

  it('refuses a film without subtitles', async () => {
    await expect(make(await makeClip(folder, 'clip.mkv'))).rejects.toMatchObject({
      name: 'PermanentError',
      message: 'the file has no subtitles',
    })
  })
})
