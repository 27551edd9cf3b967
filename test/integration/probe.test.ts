/** The function `probe` on real ffprobe: a short summary on top, ffprobe's own words below. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FunctionDefinition } from '../../runtime/index.ts'
import { localAttempt } from '../helpers/attempt.ts'
import { clipFolder, makeClip, type ClipName } from '../helpers/clips.ts'
import { ffmpegBuilds, withBuild } from '../helpers/ffmpeg-builds.ts'

const folder = await clipFolder()
afterAll(() => rm(folder, { recursive: true }))

describe.each(await ffmpegBuilds())('probe with $name', (build) => {
  let probe: FunctionDefinition
  beforeAll(async () => {
    ;({ probe } = await withBuild(build, () => import('../../functions/probe.ts')))
  })

  async function describeClip(name: ClipName, input: 'file' | 'url' = 'file') {
    const attempt = await localAttempt(probe, { source: await makeClip(folder, name), input })
    await attempt.run()
    const [file] = attempt.files
    const json: unknown = JSON.parse(await readFile(join(attempt.folder, 'probe.json'), 'utf8'))
    await attempt.remove()
    return { file, json, facts: attempt.facts, requests: attempt.requests() }
  }

  it('writes one file under a stable name', async () => {
    const { file, facts } = await describeClip('faststart.mp4')
    expect(file).toMatchObject({ name: 'probe.json', role: 'probe', pointer: 'probe.json' })
    expect(facts.tools).toEqual({ ffmpeg: build.version })
    expect(facts.probe).toMatchObject({ durationSeconds: expect.closeTo(8, 1) })
  })

  it('describes the content in short and in full, without revealing our folders', async () => {
    const { json } = await describeClip('clip.mkv')
    expect(json).toMatchObject({
      format: 'matroska,webm',
      video: [{ index: 0, codec: 'h264', width: 128, height: 72, framesPerSecond: 25, rotation: 0 }],
      audio: [{ index: 1, codec: 'aac', sampleRate: 48_000, channels: 1 }],
      subtitles: [],
      ffprobe: { streams: [{ codec_name: 'h264' }, { codec_name: 'aac' }], chapters: [] },
    })
    expect(JSON.stringify(json)).not.toContain('source')
  })

  it('gives the same result for a URL, and reads little even if the tables are at the end', async () => {
    const byUrl = await describeClip('moov-at-end.mp4', 'url')
    expect(byUrl.json).toEqual((await describeClip('moov-at-end.mp4')).json)
    expect(byUrl.requests).toBeLessThanOrEqual(4)
    expect(JSON.stringify(byUrl)).not.toContain('127.0.0.1')
  })

  it('refuses a file that is not media, with a readable reason', async () => {
    const source = join(folder, 'text.mp4')
    await writeFile(source, 'just some words\n')
    const attempt = await localAttempt(probe, { source })
    await expect(attempt.run()).rejects.toMatchObject({
      name: 'PermanentError',
      message: 'the file is text, not media',
    })
    expect(attempt.files).toEqual([])
    await attempt.remove()
  })
})
