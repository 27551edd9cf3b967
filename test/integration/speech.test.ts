/** The function `speech`: pieces for transcription whose offsets and samples add up. */
import { readFile, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FunctionDefinition } from '../../runtime/index.ts'
import { localAttempt } from '../helpers/attempt.ts'
import { clipFolder, makeClip, makeMedia } from '../helpers/clips.ts'
import { ffmpegBuilds, withBuild } from '../helpers/ffmpeg-builds.ts'
import { endsAfter, spoiltFfmpeg } from '../helpers/spoilt-ffmpeg.ts'

const folder = await clipFolder()
afterAll(() => rm(folder, { recursive: true }))

interface Document {
  readonly samples: number
  readonly pieces: readonly {
    readonly startSample: number
    readonly samples: number
    readonly cutIn: string
  }[]
  readonly silences: readonly { readonly startSeconds: number; readonly endSeconds: number }[]
}

describe.each(await ffmpegBuilds())('speech with $name', (build) => {
  let speech: FunctionDefinition
  beforeAll(async () => {
    ;({ speech } = await withBuild(build, () => import('../../functions/speech.ts')))
  })

  async function make(source: string, options: Readonly<Record<string, unknown>> = {}) {
    const attempt = await localAttempt(speech, { source, options })
    try {
      await attempt.run()
      const read = (name: string) => readFile(join(attempt.folder, name))
      const document = JSON.parse(String(await read('speech.json'))) as Document
      const names = attempt.files.map(({ name }) => name).filter((name) => name !== 'speech.json')
      const contents = await Promise.all(names.map(read))
      return { document, contents, names, files: attempt.files, facts: attempt.facts }
    } finally {
      await attempt.remove()
    }
  }

  it('cuts in the pauses, and its pieces are the whole sound to the sample', async () => {
    // Words of 3.5 s with pauses of half a second: no limit of 5 s falls into one.
    const words = "-map 1 -af volume='if(lt(mod(t,4),3.5),1,0)':eval=frame -c:a aac"
    const { document, contents, files } = await make(await makeMedia(join(folder, 'words.m4a'), words, 20), {
      seconds: '5',
    })
    expect(document.pieces.slice(0, -1).map(({ cutIn }) => cutIn)).toEqual([
      'silence',
      'silence',
      'silence',
      'silence',
    ])
    let at = 0
    for (const [index, { startSample, samples }] of document.pieces.entries()) {
      expect(startSample).toBe(at)
      expect(contents[index]?.length).toBe(44 + samples * 2)
      at += samples
    }
    expect(at).toBe(document.samples)
    // In a pause: no sample at a cut is loud.
    for (const content of contents.slice(1)) expect(Math.abs(content.readInt16LE(44))).toBeLessThan(50)
    expect(document.samples / 16_000).toBeCloseTo(20, 1)
    expect(document.silences.length).toBeGreaterThanOrEqual(4)
    expect(files[1]).toMatchObject({
      role: 'speech',
      chunk: { index: 1, startSeconds: (document.pieces[1]?.startSample ?? 0) / 16_000 },
    })
  })

  it.each(['m4a', 'mp3'])('encodes pieces as %s with the same offsets', async (format) => {
    const source = await makeClip(folder, 'clip.mkv')
    const [encoded, plain] = [await make(source, { seconds: 5, format }), await make(source, { seconds: 5 })]
    expect(encoded.names).toEqual([`speech-00000.${format}`, `speech-00001.${format}`])
    expect(encoded.document.pieces.map(({ startSample }) => startSample)).toEqual(
      plain.document.pieces.map(({ startSample }) => startSample),
    )
  })

  it('keeps every piece within its bytes', async () => {
    const { contents } = await make(await makeClip(folder, 'tone.flac'), { bytes: '64KiB' })
    expect(contents.length).toBe(4)
    for (const content of contents) expect(content.length).toBeLessThanOrEqual(65_536)
  })

  it('refuses a file without sound', async () => {
    await expect(make(await makeClip(folder, 'video-only.mp4'))).rejects.toMatchObject({
      name: 'PermanentError',
      message: 'the file has no sound',
    })
  })

  it('refuses a file that ends before it should', async () => {
    const torn = await makeClip(folder, 'tone.mp3')
    await truncate(torn, 40_000)
    await expect(make(torn)).rejects.toThrow('the file is truncated or damaged: its sound should end at 8.')
  })

  it.each([
    {
      name: 'samples are lost between FFmpeg and the pieces',
      where: 's16le pipe:4',
      script: '"$ffmpeg" "$@" 4> >(tail -c +20001 >&4)\nended=$?\nwait $!\nexit $ended',
      format: 'wav',
      says: /^FFmpeg decoded \d+ samples, and \d+ of them arrived$/,
    },
    {
      name: 'the file of a piece ends before its samples',
      where: 'libmp3lame',
      script: endsAfter(1),
      format: 'mp3',
      says: /^speech-00000\.mp3 was not written to its end: 1\.\d+ s of \d+ samples$/,
    },
    {
      name: 'the file of a piece is larger than was asked for',
      where: 'libmp3lame',
      script: 'exec "$ffmpeg" "${@/64000/160000}"',
      format: 'mp3',
      says: /^speech-00000\.mp3 has \d+ bytes, and 65536 are allowed: choose fewer "seconds"$/,
    },
  ])('fails, so that nothing is committed, when $name', async ({ where, script, format, says }) => {
    const path = join(folder, `spoilt-${build.origin}`)
    const spoilt = await spoiltFfmpeg({ build, path, where, script })
    const made = await withBuild(spoilt, () => import('../../functions/speech.ts'))
    const source = await makeClip(folder, 'tone.flac')
    const attempt = await localAttempt(made.speech, { source, options: { format, bytes: '64KiB' } })
    await expect(attempt.run()).rejects.toMatchObject({
      name: 'PermanentError',
      message: expect.stringMatching(says),
    })
    await attempt.remove()
  })
})
