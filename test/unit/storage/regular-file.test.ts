import { execFile } from 'node:child_process'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { openRegularFile } from '../../../runtime/storage/regular-file.ts'

const folder = await mkdtemp(join(tmpdir(), 'sluice-regular-'))
afterAll(() => rm(folder, { recursive: true }))

describe('openRegularFile', () => {
  it('opens a file', async () => {
    const path = join(folder, 'file')
    await writeFile(path, 'content')
    const file = await openRegularFile(path)
    expect(await file.readFile('utf8')).toBe('content')
    await file.close()
  })

  it('reports a missing file as the system does', async () => {
    await expect(openRegularFile(join(folder, 'missing'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it.each([
    ['a link to a file', (path: string) => symlink('/etc/passwd', path)],
    ['a pipe, without waiting for its writer', (path: string) => promisify(execFile)('mkfifo', [path])],
    ['a link to a device', (path: string) => symlink('/dev/zero', path)],
  ])('refuses %s', async (name, make) => {
    const path = join(folder, name.replaceAll(' ', '-'))
    await make(path)
    await expect(openRegularFile(path)).rejects.toThrow(/is a link.*pass the file itself/)
  })

  it('refuses a folder', async () => {
    await expect(openRegularFile(folder)).rejects.toThrow(/is a link, a folder/)
  })
})
