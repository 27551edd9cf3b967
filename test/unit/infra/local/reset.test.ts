import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { planReset } from '../../../../infra/local/session/reset-plan.ts'

const ROOT_DIR = join(import.meta.dirname, '..', '..', '..', '..')

describe('the plan of a reset', () => {
  const facts = { dataDir: '/p/.sluice', cacheDir: '/c/sluice', isOurs: true, isThere: () => true }
  const pathsOf = (plan: ReturnType<typeof planReset>) => plan.paths.map(({ path }) => path)

  it('contains the data, and the cache only on request', () => {
    expect(pathsOf(planReset({ ...facts, options: { cache: false } }))).toEqual(['/p/.sluice'])
    expect(pathsOf(planReset({ ...facts, options: { cache: true } }))).toEqual(['/p/.sluice', '/c/sluice'])
  })

  it('is empty if there is nothing to remove', () => {
    expect(planReset({ ...facts, isThere: () => false, options: { cache: true } })).toEqual({ paths: [] })
  })

  it('refuses a folder that no start has created', () => {
    const plan = planReset({ ...facts, dataDir: '/home/me', isOurs: false, options: { cache: true } })
    expect(plan).toMatchObject({
      paths: [],
      refusal: expect.stringMatching(/^\/home\/me does not look like/) as string,
    })
  })
})

describe('npm run reset', () => {
  let dir: string
  let dataDir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sluice-reset-'))
    dataDir = join(dir, 'data of mine')
    await mkdir(join(dataDir, 'minio'), { recursive: true })
    await writeFile(join(dataDir, 'credentials.json'), '{"uploader":{}}')
    await mkdir(join(dir, 'cache', 'sluice', 'bin'), { recursive: true })
  })
  afterEach(() => rm(dir, { recursive: true }))
  async function reset(...words: string[]): Promise<{ code: number; text: string }> {
    const env = { ...process.env, SLUICE_LOCAL_DIR: dataDir, XDG_CACHE_HOME: join(dir, 'cache') }
    const line = [join(ROOT_DIR, 'infra', 'build', 'run.mjs'), 'infra/local/reset.ts', ...words]
    const started = promisify(execFile)(process.execPath, line, { cwd: ROOT_DIR, env })
    started.child.stdin?.end()
    return started.then(
      ({ stdout, stderr }) => ({ code: 0, text: stdout + stderr }),
      ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
        code,
        text: stdout + stderr,
      }),
    )
  }

  it('lists the folders, and removes nothing without a terminal', async () => {
    const { code, text } = await reset()
    expect(code).toBe(1)
    expect(text).toContain(dataDir)
    expect(text).toContain('add --yes')
    expect((await readdir(dir)).toSorted()).toEqual(['cache', 'data of mine'])
  })

  it('removes the data with --yes, and the cache with --cache', async () => {
    expect(await reset('--yes')).toMatchObject({ code: 0 })
    expect(await readdir(dir)).toEqual(['cache'])
    expect(await reset('--yes', '--cache')).toMatchObject({ code: 0 })
    expect(await readdir(join(dir, 'cache'))).toEqual([])
    expect((await reset('--yes')).text).toContain('There is nothing to remove.')
  })

  it('keeps a folder that no start has created', async () => {
    await rm(join(dataDir, 'credentials.json'))
    expect(await reset('--yes')).toMatchObject({
      code: 1,
      text: expect.stringContaining('does not look like') as string,
    })
    expect(await readdir(dataDir)).toEqual(['minio'])
  })

  it('is refused while a start runs there', async () => {
    const start = { name: 'start', pid: process.pid, mark: '' }
    await writeFile(join(dataDir, 'running.json'), JSON.stringify({ start, servers: [] }))
    expect((await reset('--yes')).text).toContain(`npm start is running (pid ${process.pid})`)
    expect(await readdir(dataDir)).toContain('credentials.json')
  })

  it('refuses unknown options, and lists the known ones', async () => {
    expect(await reset('--all')).toMatchObject({
      code: 2,
      text: expect.stringContaining("'--all'") as string,
    })
    expect((await reset('--help')).text).toContain('--cache')
  })
})
