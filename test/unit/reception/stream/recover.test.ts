/** The folders of sessions on a disk, and who may continue with them. */
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { disownFolder, ownFolder } from '../../../../runtime/owned-folder.ts'
import { abandonedSessions, takeFolder } from '../../../../runtime/reception/stream/recover.ts'

const SILENT_MS = 60_000
const LONG_AGO = new Date(Date.now() - 2 * SILENT_MS)
const SESSION = '20261129T221841Z-ba02e7'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-spool-'))
})
afterEach(() => rm(dir, { recursive: true }))

async function folderOf(name: string): Promise<string> {
  const folder = join(dir, name, SESSION)
  await mkdir(folder, { recursive: true })
  return folder
}

const abandoned = async () => (await abandonedSessions(dir, SILENT_MS)).map(({ name }) => name).toSorted()

/** As a receiver in another container writes it. */
const ofOtherHost = (folder: string) =>
  writeFile(join(folder, 'owner.json'), JSON.stringify({ hostname: 'other', pid: 1, startedAt: '1' }))

describe('a folder', () => {
  it('of a living receiver is left alone, and one that was given up is not', async () => {
    await ownFolder(await folderOf('alive'))
    await ownFolder(await folderOf('left'))
    await disownFolder(await folderOf('left'))
    expect(await abandoned()).toEqual(['left'])
  })

  it('of a receiver on another host, or without an owner, is abandoned once it has been silent for long', async () => {
    const names = ['other-fresh', 'other-silent', 'none-fresh', 'none-silent']
    for (const name of names) {
      const folder = await folderOf(name)
      if (name.startsWith('other')) await ofOtherHost(folder)
      if (name === 'other-silent') await utimes(join(folder, 'owner.json'), LONG_AGO, LONG_AGO)
      if (name === 'none-silent') await utimes(folder, LONG_AGO, LONG_AGO)
    }
    expect(await abandoned()).toEqual(['none-silent', 'other-silent'])
  })

  it('that is not of a session is not looked at', async () => {
    await mkdir(join(dir, '.pending', SESSION), { recursive: true })
    await mkdir(join(dir, 'cam1', 'lost+found'), { recursive: true })
    await writeFile(join(dir, 'notes'), 'x')
    expect(await abandoned()).toEqual([])
  })
})

describe('an abandoned folder', () => {
  it('is taken by one of many receivers', async () => {
    const folder = await folderOf('cam1')
    await disownFolder(folder)
    const taken = await Promise.all(Array.from({ length: 8 }, () => takeFolder(folder, SILENT_MS)))
    expect(taken.filter(Boolean)).toHaveLength(1)
  })

  it('of a receiver that was killed while it took it is taken in the end', async () => {
    const folder = await folderOf('cam1')
    await writeFile(join(folder, 'owner.json.4711'), '{}')
    expect(await takeFolder(folder, SILENT_MS)).toBe(false)
    await utimes(folder, LONG_AGO, LONG_AGO)
    expect([await abandoned(), await takeFolder(folder, SILENT_MS)]).toEqual([['cam1'], true])
  })
})
