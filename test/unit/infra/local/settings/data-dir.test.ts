import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDataDir } from '../../../../../infra/local/settings/data-dir.ts'
import { createServer } from '../../../../../infra/local/servers/server.ts'
import { judgeDataDir } from '../../../../../runtime/cli/doctor/machine.ts'
import { waitFor } from '../../../../helpers/wait.ts'

const run = promisify(execFile)
const isRoot = process.getuid?.() === 0
const NOBODY = { uid: 65_534, gid: 65_534 }

describe('the folder with the data of npm start', () => {
  let parent: string
  let dir: string
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'sluice-data-'))
    // Like a normal project: others may enter it.
    await chmod(parent, 0o755)
    dir = join(parent, '.sluice')
  })
  afterEach(() => rm(parent, { recursive: true }))
  const modeOf = async (path: string) => ((await stat(join(dir, path))).mode & 0o777).toString(8)

  it('is created with access only for its owner', async () => {
    openDataDir(dir)
    expect(await modeOf('.')).toBe('700')
  })

  it('is closed to others if they could read it, with the files of the servers; the owner keeps access', async () => {
    await mkdir(join(dir, 'minio', 'data'), { recursive: true, mode: 0o755 })
    await writeFile(join(dir, 'settings.json'), '{}', { mode: 0o644 })
    await writeFile(join(dir, 'script'), '', { mode: 0o755 })
    for (const name of ['.', 'minio', 'minio/data']) await chmod(join(dir, name), 0o755)
    openDataDir(dir)
    const names = ['.', 'minio', 'minio/data', 'settings.json', 'script']
    expect(await Promise.all(names.map(modeOf))).toEqual(['700', '700', '700', '600', '700'])
  })

  it.skipIf(!isRoot)('is not readable as another user of the machine', async () => {
    await mkdir(dir, { mode: 0o755 })
    await writeFile(join(dir, 'credentials.json'), 'secret', { mode: 0o644 })
    const asOther = (...line: [string, ...string[]]) => run(line[0], line.slice(1), NOBODY)
    expect((await asOther('cat', join(dir, 'credentials.json'))).stdout).toBe('secret')
    openDataDir(dir)
    await expect(asOther('ls', dir)).rejects.toThrow('Permission denied')
    await expect(asOther('cat', join(dir, 'credentials.json'))).rejects.toThrow('Permission denied')
  })

  it('is checked by the doctor, who prints how to close it', async () => {
    const quoted = join(parent, "it's mine")
    await mkdir(quoted)
    await chmod(quoted, 0o750)
    expect(await judgeDataDir(quoted)).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('(750)') as string,
      repair: [`chmod 700 '${parent}/it'\\''s mine'`],
    })
    openDataDir(quoted)
    expect(await judgeDataDir(quoted)).toMatchObject({ status: 'ok' })
  })

  it('is reported as unusable with the name of the setting that moves it', async () => {
    await writeFile(join(parent, 'flat'), '')
    expect(() => openDataDir(join(parent, 'flat'))).toThrow(
      /^SLUICE_LOCAL_DIR: the data cannot be kept in .*flat: a file has this name\. .*set SLUICE_LOCAL_DIR/,
    )
    expect(() => openDataDir(join(parent, 'flat', 'below'))).toThrow(/a part of the path is a file/)
  })

  it.skipIf(isRoot)('is reported as not writable', async () => {
    await chmod(parent, 0o555)
    expect(() => openDataDir(dir)).toThrow(/^SLUICE_LOCAL_DIR: .*you may not write there/)
    await chmod(parent, 0o755)
  })
})

describe('a server', () => {
  it('writes files that only its owner can read, whatever the umask of the user', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'sluice-umask-'))
    const umask = process.umask(0o022)
    const script = `require('node:fs').writeFileSync('made', ''); require('node:fs').mkdirSync('folder'); setInterval(() => {}, 1000)`
    const server = createServer({
      name: 'Toy',
      command: process.execPath,
      args: ['-e', script],
      env: { PATH: process.env['PATH'] },
      cwd: dir,
      logPath: join(dir, 'log', 'toy.log'),
      isReady: () => Promise.resolve(true),
    })
    try {
      await server.start()
      const modes = () =>
        Promise.all(
          ['made', 'folder', 'log', 'log/toy.log'].map(async (name) => (await stat(join(dir, name))).mode),
        )
      const found = await waitFor(modes, { timeoutMs: 30_000, what: 'its files' })
      expect(found.map((mode) => mode & 0o077)).toEqual([0, 0, 0, 0])
      expect(process.umask()).toBe(0o022)
    } finally {
      process.umask(umask)
      await server.stop()
      await rm(dir, { recursive: true })
    }
  })
})
