/** The function `chunk` on files that are not media, are broken or hostile: one clear refusal, and nothing else happens. */
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Mode } from '../../functions/media/container.ts'
import { localAttempt, type LocalAttemptOptions } from '../helpers/attempt.ts'
import { useChunk } from '../helpers/chunk.ts'
import { clipFolder, makeClip, type ClipName } from '../helpers/clips.ts'
import { disguises, openTrap, type Trap } from '../helpers/disguises.ts'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'
import { oneOfEachKind } from '../helpers/thorough.ts'
import { processesIn } from '../helpers/processes.ts'

const folder = await clipFolder()
let trap: Trap
beforeAll(async () => {
  trap = await openTrap(await makeClip(folder, 'clip.ts'))
})
afterAll(async () => {
  trap.close()
  await rm(folder, { recursive: true })
})

const WORDS: readonly { readonly name: string; readonly bytes: Buffer | string; readonly reason: RegExp }[] =
  [
    { name: 'text named.mp4', bytes: 'just some words\n'.repeat(50), reason: /text, not media/ },
    { name: 'empty.mp4', bytes: '', reason: /empty \(0 bytes\)/ },
    { name: 'zeros.mkv', bytes: Buffer.alloc(5_000), reason: /only zeros/ },
    { name: 'zip.mov', bytes: Buffer.from('PK\u0003\u0004 and more'), reason: /ZIP archive/ },
    { name: 'noise.mp4', bytes: Buffer.from(noise(65_536)), reason: /not an MP4|not a media/ },
    {
      name: 'no moov.mp4',
      bytes: box('ftyp', 'isom\0\0\u0002\0isom') + box('mdat', 'x'.repeat(900)),
      reason: /moov atom not found/,
    },
    {
      name: 'no streams.mp4',
      bytes: box('ftyp', 'isom\0\0\u0002\0isom') + box('moov', ''),
      reason: /neither a video nor an audio|moov/,
    },
  ]
const TRUNCATED: readonly ClipName[] = [
  'faststart.mp4',
  'moov-at-end.mp4',
  'clip.mkv',
  'clip.webm',
  'b-frames.avi',
  'clip.flv',
  'tone.mp3',
  'tone.wav',
  'tone.flac',
  'tone.m4a',
]

/** By URL and re-encoded. */
const alsoOtherwise = oneOfEachKind(TRUNCATED, ['clip.mkv', 'tone.mp3'])

describe.each(await ffmpegBuilds())('chunk on bad input with $name', (build) => {
  const used = useChunk(build)
  async function refusal(
    source: string,
    { mode = 'copy', ...options }: Pick<LocalAttemptOptions, 'input' | 'breaksAtByte'> & { mode?: Mode } = {},
  ): Promise<Error> {
    const attempt = await localAttempt(used.chunk, { source, options: { seconds: 2, mode }, ...options })
    const error = await attempt.run().then(
      () => new Error('it was accepted'),
      (thrown: unknown) => thrown as Error,
    )
    expect(await processesIn(attempt.scratch)).toEqual([])
    await attempt.remove()
    return error
  }

  it.each(WORDS)('refuses $name for good and says why', async ({ name, bytes, reason }) => {
    const path = join(folder, name)
    await writeFile(path, bytes, 'latin1')
    const error = await refusal(path)
    expect(error.name).toBe('PermanentError')
    expect(error.message).toMatch(reason)
    expect(error.message).not.toContain(folder)
  })

  const truncated = TRUNCATED.flatMap((name) => [
    { name, mode: 'copy' as const, input: 'file' as const },
    ...(alsoOtherwise.includes(name)
      ? [
          { name, mode: 'copy' as const, input: 'url' as const },
          { name, mode: 'exact' as const, input: 'file' as const },
        ]
      : []),
  ])
  it.each(truncated)('refuses to $mode $name by $input when only its first half arrived', async (of) => {
    const { name, mode, input } = of
    const whole = await readFile(await makeClip(folder, name))
    const path = join(folder, `half-${name}`)
    await writeFile(path, whole.subarray(0, whole.length / 2))
    const error = await refusal(path, { mode, input })
    expect(error.name).toBe('PermanentError')
    expect(error.message).toMatch(/truncated/)
    expect(error.message).toMatch(
      /after \d+\.\d s that could be read|but \d+\.\d s could be read|moov atom not found/,
    )
    // RIFF and Matroska say so themselves.
    const isToldByFfmpeg = !/header declares/.test(error.message)
    expect(isToldByFfmpeg && error.cause === undefined).toBe(false)
  })

  it.each(['faststart.mp4', 'moov-at-end.mp4', 'clip.mkv', 'clip.mpg', 'tone.mp3'] as const)(
    'does not blame %s when the store gives only its first half',
    async (name) => {
      const source = await makeClip(folder, name)
      const breaksAtByte = Math.floor((await stat(source)).size / 2)
      const error = await refusal(source, { input: 'url', breaksAtByte })
      expect(error.name).toBe('ToolError')
      expect(error.message).toMatch(/the source could not be read to its end$/)
    },
  )

  it.each(Object.keys(disguises('', 'http://127.0.0.1:9')))(
    'neither reads a file nor sends a request for %s',
    async (name) => {
      const path = join(folder, name)
      await writeFile(path, disguises(trap.canaryPath, trap.host)[name] ?? '')
      for (const input of ['file', 'url'] as const) {
        expect((await refusal(path, { input })).name).toBe('PermanentError')
      }
      expect(await trap.sprung()).toEqual([])
    },
  )
})

/** A box of an MP4 file. */
function box(type: string, content: string): string {
  const size = Buffer.alloc(4)
  size.writeUInt32BE(8 + content.length)
  return size.toString('latin1') + type + content
}

/** The same bytes at each run, without a pattern that any format has. */
function noise(length: number): number[] {
  let state = 1
  return Array.from({ length }, () => (state = (state * 48_271) % 2_147_483_647) & 0xff)
}
