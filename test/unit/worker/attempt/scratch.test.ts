import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { withScratch } from '../../../../runtime/worker/attempt/scratch.ts'

const parent = await mkdtemp(join(tmpdir(), 'sluice-attempts-'))
afterAll(() => rm(parent, { recursive: true }))

describe('withScratch', () => {
  it('creates no folder unless it is used', async () => {
    await withScratch(parent, async () => expect(await readdir(parent)).toEqual([]))
  })

  it('creates one folder, however often it is requested, and removes it with its contents', async () => {
    await withScratch(parent, async (folder) => {
      await writeFile(join(folder(), 'file'), 'x')
      expect(folder()).toBe(folder())
      expect(await readdir(parent)).toHaveLength(1)
    })
    expect(await readdir(parent)).toEqual([])
  })

  it('creates none for an abandoned handler', async () => {
    let late: (() => string) | undefined
    await withScratch(parent, (folder) => {
      late = folder
      return Promise.resolve()
    })
    expect(late).toThrow('its attempt has ended')
    expect(await readdir(parent)).toEqual([])
  })
})
