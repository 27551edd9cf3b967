import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findBinaries, parseVersion } from '../../../../../functions/ffmpeg/build/binaries.ts'

const RECENT = 'ffmpeg version 5.1.9-0+deb12u1 Copyright\nlibavformat    59. 27.100 / 59. 27.100\n'
const OLD = 'ffmpeg version 4.1.11 Copyright\nlibavformat    58. 20.100 / 58. 20.100\n'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-binaries-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function program(name: string, says: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, `#!/bin/sh\nprintf '%s' '${says}'\n`)
  await chmod(path, 0o755)
  return path
}

describe('findBinaries', () => {
  it('takes what the environment names, and ffprobe from beside it', async () => {
    const ffmpegPath = await program('ffmpeg', OLD)
    const ffprobePath = await program('ffprobe', '')
    expect(await findBinaries({ FFMPEG_PATH: ffmpegPath })).toEqual({
      ffmpegPath,
      ffprobePath,
      version: '4.1.11',
      hasFpsMode: false,
      origin: 'environment',
    })
  })
  it('takes both from the environment when it names both', async () => {
    const ffmpegPath = await program('ffmpeg', RECENT)
    const ffprobePath = await program('another-ffprobe', 'ffprobe version 5.1.9 Copyright')
    expect(await findBinaries({ FFMPEG_PATH: ffmpegPath, FFPROBE_PATH: ffprobePath })).toMatchObject({
      ffprobePath,
    })
  })
  it('takes a recent one from PATH', async () => {
    const ffmpegPath = await program('ffmpeg', RECENT)
    await program('ffprobe', '')
    expect(await findBinaries({ PATH: `/nowhere:relative:${folder}` })).toMatchObject({
      ffmpegPath,
      version: '5.1.9-0+deb12u1',
      origin: 'path',
    })
  })
  it.each([
    { name: 'one that is too old', says: OLD, withProbe: true },
    { name: 'one without ffprobe', says: RECENT, withProbe: false },
    { name: 'one that is something else', says: 'hello', withProbe: true },
  ])('prefers the embedded one to $name', async ({ says, withProbe }) => {
    await program('ffmpeg', says)
    if (withProbe) await program('ffprobe', '')
    expect((await findBinaries({ PATH: folder })).origin).toBe('embedded')
  })
  it.each(['FFMPEG_PATH', 'FFPROBE_PATH'])('says why %s does not name a program', async (name) => {
    const flat = join(folder, 'flat')
    await writeFile(flat, '', { mode: 0o644 })
    const found = (path: string) => findBinaries({ [name]: path })
    await expect(found('/nowhere/tool')).rejects.toThrow(`${name}: /nowhere/tool does not exist`)
    await expect(found('ffmpeg')).rejects.toThrow(`${name}: ffmpeg is not an absolute path`)
    await expect(found(folder)).rejects.toThrow(`${name}: ${folder} is not a file`)
    await expect(found(flat)).rejects.toThrow(`${name}: ${flat} may not be executed`)
  })
  it('says both when both are wrong', async () => {
    await expect(findBinaries({ FFMPEG_PATH: '/no/a', FFPROBE_PATH: '/no/b' })).rejects.toThrow(
      /FFMPEG_PATH: \/no\/a does not exist.*FFPROBE_PATH: \/no\/b does not exist/,
    )
  })
  it('does not take another program for FFmpeg', async () => {
    const path = await program('echo', 'hello')
    await expect(findBinaries({ FFMPEG_PATH: path })).rejects.toThrow(
      `FFMPEG_PATH: ${path} is another program (it says "hello")`,
    )
    await expect(findBinaries({ FFPROBE_PATH: path })).rejects.toThrow(
      `FFPROBE_PATH: ${path} is another program (it says "hello")`,
    )
  })
  it('says what to do when the named program does not run', async () => {
    const broken = join(folder, 'broken')
    await writeFile(broken, '#!/bin/sh\nexit 3\n')
    await chmod(broken, 0o755)
    await expect(findBinaries({ FFMPEG_PATH: broken })).rejects.toThrow(
      /^FFMPEG_PATH: .*does not run: install ffmpeg/,
    )
  })
})

describe('parseVersion', () => {
  it.each([
    {
      name: 'a release',
      text: RECENT,
      expected: { version: '5.1.9-0+deb12u1', isRecent: true, hasFpsMode: true },
    },
    {
      name: 'an old release',
      text: OLD,
      expected: { version: '4.1.11', isRecent: false, hasFpsMode: false },
    },
    {
      name: 'a nightly build, which only its libraries date',
      text: 'ffmpeg version N-66595-gc2b38619c0 Copyright\nlibavformat    60. 10.100 / 60. 10.100',
      expected: { version: 'N-66595-gc2b38619c0', isRecent: true, hasFpsMode: true },
    },
    {
      name: 'exactly 4.4',
      text: 'ffmpeg version 4.4 Copyright\nlibavformat    58. 76.100 / 58. 76.100',
      expected: { version: '4.4', isRecent: true, hasFpsMode: false },
    },
    {
      name: 'something else',
      text: 'hello',
      expected: { version: 'unknown', isRecent: false, hasFpsMode: false },
    },
  ])('reads $name', ({ text, expected }) => expect(parseVersion(text)).toEqual(expected))
})
