/** The function `audio`: one sound as a file, its loudness judged by a measurement of the test's own, its waveform by others' reader. */
import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import WaveformData, { type JsonWaveformData } from 'waveform-data'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FunctionDefinition } from '../../runtime/index.ts'
import { localAttempt } from '../helpers/attempt.ts'
import { clipFolder, makeClip, makeMedia } from '../helpers/clips.ts'
import { ffmpegBuilds, withBuild } from '../helpers/ffmpeg-builds.ts'
import { integratedLufs } from '../helpers/loudness.ts'
import { endsAfter, LOSES_SOURCE, spoiltFfmpeg } from '../helpers/spoilt-ffmpeg.ts'

const folder = await clipFolder()
afterAll(() => rm(folder, { recursive: true }))

const SPEECHLIKE = "-map 1 -af volume='if(lt(mod(t,2),1.5),0.5,0.02)':eval=frame"

describe.each(await ffmpegBuilds())('audio with $name', (build) => {
  let audio: FunctionDefinition
  beforeAll(async () => {
    ;({ audio } = await withBuild(build, () => import('../../functions/audio.ts')))
  })

  async function make(source: string, options: Readonly<Record<string, unknown>> = {}) {
    const attempt = await localAttempt(audio, { source, options })
    try {
      await attempt.run()
      const contents = new Map<string, Buffer>()
      for (const { name } of attempt.files) contents.set(name, await readFile(join(attempt.folder, name)))
      const [file] = attempt.files
      const lufs = await integratedLufs(build.ffmpegPath, join(attempt.folder, file?.name ?? ''))
      return { files: attempt.files, contents, facts: attempt.facts, lufs }
    } finally {
      await attempt.remove()
    }
  }

  it('brings a sound to the loudness that was asked for, and says by which gain', async () => {
    const source = await makeMedia(join(folder, 'quiet.wav'), `${SPEECHLIKE} -c:a pcm_s16le`)
    const { lufs, facts, files, contents } = await make(source, { loudness: '-16' })
    expect(lufs).toBeCloseTo(-16, 0)
    expect(Math.abs(lufs - (facts.totals['loudnessLufs'] ?? 0))).toBeLessThan(0.1)
    expect(facts.totals['gainDb']).toBeGreaterThan(5)
    expect(facts.totals['truePeakDb']).toBeLessThan(-1)
    expect(facts.warnings).toEqual([])
    expect(files.map(({ name, role, pointer }) => [name, role, pointer])).toEqual([
      ['audio.m4a', 'audio', 'audio.m4a'],
      ['waveform.json', 'waveform', 'waveform.json'],
      ['waveform.png', 'waveform', 'waveform.png'],
    ])
    const m4a = contents.get('audio.m4a')
    expect(m4a?.indexOf('moov')).toBeLessThan(m4a?.indexOf('mdat') ?? 0)
    const wave = WaveformData.create(JSON.parse(String(contents.get('waveform.json'))) as JsonWaveformData)
    expect(wave.duration).toBeCloseTo(8, 1)
    // A loud second, and the silence of the last half of each two.
    expect(wave.channel(0).max_sample(20)).toBeGreaterThan(wave.channel(0).max_sample(36) + 2)
  })

  it.each(['mp3', 'opus', 'flac', 'wav'])(
    'writes %s as loud as the source when nothing else is asked',
    async (format) => {
      const { lufs, facts, contents } = await make(await makeClip(folder, 'clip.mkv'), {
        format,
        waveform: 'false',
      })
      expect([...contents.keys()]).toEqual([`audio.${format}`])
      const source = await integratedLufs(build.ffmpegPath, await makeClip(folder, 'clip.mkv'))
      expect(lufs).toBeCloseTo(source, 0)
      expect(facts.totals).toMatchObject({ durationSeconds: expect.closeTo(8, 1) })
      expect(facts.totals).not.toHaveProperty('gainDb')
    },
  )

  it('gives silence no gain, and says so', async () => {
    const source = await makeMedia(join(folder, 'silent.wav'), '-map 1 -af volume=0 -c:a pcm_s16le', 3)
    const { facts, contents } = await make(source, { loudness: -23, format: 'wav' })
    expect(facts.warnings).toEqual([expect.stringContaining('silent')])
    expect(facts.totals).not.toHaveProperty('gainDb')
    expect(contents.get('audio.wav')?.length).toBeGreaterThan(3 * 96_000)
  })

  it('stops at the peak, with both numbers in the warning', async () => {
    const click = "-map 1 -af volume='if(between(t,1,1.01),6,0.02)':eval=frame -c:a pcm_s16le"
    const { facts } = await make(await makeMedia(join(folder, 'click.wav'), click, 4), { loudness: -16 })
    expect(facts.warnings).toEqual([
      expect.stringMatching(/^the sound reaches -\d+\.\d LUFS and not the -16\.0 asked for: a larger gain/),
    ])
  })

  it('keeps the wait of a sound that begins late, also in a transport stream', async () => {
    for (const name of ['late.mkv', 'late.ts']) {
      const late = `-c:v libx264 -preset ultrafast -c:a aac -af asetpts=PTS+2/TB`
      const { facts } = await make(await makeMedia(join(folder, name), late, 3), { format: 'flac' })
      expect(facts.totals['durationSeconds']).toBeCloseTo(5, 0)
    }
  })

  it('refuses a file without sound, a track that it has not, and a torn file, and leaves nothing', async () => {
    await expect(make(await makeClip(folder, 'video-only.mp4'))).rejects.toMatchObject({
      name: 'PermanentError',
      message: 'the file has no sound',
    })
    await expect(make(await makeClip(folder, 'clip.mkv'), { track: 3 })).rejects.toThrow(
      'track 3: the file has one sound, which is track 0',
    )
    const torn = join(folder, 'torn.mp3')
    await writeFile(torn, await readFile(await makeClip(folder, 'tone.mp3')))
    await truncate(torn, 40_000)
    await expect(make(torn)).rejects.toThrow('the file is truncated')
    await expect(make(torn)).rejects.toThrow('; onTruncated=keep saves the intact part')
    const { facts } = await make(torn, { onTruncated: 'keep' })
    expect(Number(facts.totals['durationSeconds'])).toBeGreaterThan(1)
    expect(facts.warnings).toContainEqual(expect.stringMatching(/^the file is truncated/))
  })

  it('names the remedy for an encoder that this build has not', async () => {
    const without = await spoiltFfmpeg({
      build,
      path: join(folder, `lame-${build.origin}`),
      where: '-encoders',
      script: '"$ffmpeg" "$@" | grep -v libmp3lame',
    })
    const made = await withBuild(without, () => import('../../functions/audio.ts'))
    const attempt = await localAttempt(made.audio, {
      source: await makeClip(folder, 'tone.wav'),
      options: { format: 'mp3' },
    })
    await expect(attempt.run()).rejects.toMatchObject({
      name: 'PermanentError',
      message: expect.stringContaining(
        'has no encoder libmp3lame: ask for another format, such as m4a, or install',
      ),
    })
    expect(attempt.files).toEqual([])
    await attempt.remove()
  })

  it.each([
    {
      name: 'its file ends before its sound',
      // Only the pass that writes the file has a gain.
      where: 'volume=',
      script: endsAfter(2),
      error: 'PermanentError',
      says: /^audio\.m4a lasts 2\.\d+ s, and the sound 8\.000 s: it was not written/,
    },
    {
      name: 'no sample could be decoded',
      where: 's16le pipe:4',
      script: 'exec "$ffmpeg" "$@" 4> /dev/null',
      error: 'PermanentError',
      says: /^no sound could be decoded: the file is damaged$/,
    },
    {
      name: 'the source could not be read to its end, which some builds take for a success',
      where: 's16le pipe:4',
      script: LOSES_SOURCE,
      error: 'ToolError',
      says: /could not be read to its end/,
    },
  ])('commits nothing when $name', async ({ where, script, error, says }) => {
    const path = join(folder, `spoilt-${build.origin}`)
    const spoilt = await spoiltFfmpeg({ build, path, where, script })
    const made = await withBuild(spoilt, () => import('../../functions/audio.ts'))
    const source = await makeMedia(join(folder, 'quiet.wav'), `${SPEECHLIKE} -c:a pcm_s16le`)
    const attempt = await localAttempt(made.audio, { source, options: { loudness: -16 } })
    await expect(attempt.run()).rejects.toMatchObject({ name: error, message: expect.stringMatching(says) })
    expect(attempt.files).toEqual([])
    await attempt.remove()
  })
})
