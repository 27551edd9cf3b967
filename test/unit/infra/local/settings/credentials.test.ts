import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { loadCredentials } from '../../../../../infra/local/settings/credentials.ts'

let dir: string
let path: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-credentials-'))
  path = join(dir, 'credentials.json')
})
afterEach(() => rm(dir, { recursive: true, force: true }))

it('accounts are created once, within the limits of MinIO, in a file for its owner alone', async () => {
  const created = await loadCredentials(path)
  expect(await loadCredentials(path)).toEqual(created)
  const accounts = Object.values(created)
  expect(new Set(accounts.map(({ secretKey }) => secretKey)).size).toBe(4)
  for (const { accessKey, secretKey } of accounts) {
    expect(accessKey.length).toBeLessThanOrEqual(20)
    expect(secretKey).toMatch(/^[0-9a-f]{40}$/)
  }
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

it('a file of a version without streams keeps its accounts and gets the missing one, once', async () => {
  const { streams: _, ...older } = await loadCredentials(path)
  await writeFile(path, JSON.stringify(older))
  const upgraded = await loadCredentials(path)
  expect(upgraded).toMatchObject(older)
  expect(upgraded.streams.accessKey).toMatch(/^streams-/)
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(upgraded)
  expect(await loadCredentials(path)).toEqual(upgraded)
})

it('a damaged file is reported with its path, and is left as it is', async () => {
  await writeFile(path, '{"root":')
  await expect(loadCredentials(path)).rejects.toThrow(`${path} is damaged. Remove it`)
  expect(await readFile(path, 'utf8')).toBe('{"root":')
})
