import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createLogger } from '../../../runtime/telemetry/logger.ts'
import { openRuntimeScratch } from '../../../runtime/process/runtime-scratch.ts'

const log = createLogger({ level: 'silent', format: 'json' })
const MODULE = new URL('../../../runtime/owned-folder.ts', import.meta.url).href

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-scratch-'))
})
afterEach(() => rm(dir, { recursive: true }))

/** A process that owns these folders, and may be killed. */
async function ownerOf(...names: string[]) {
  const paths = names.map((name) => join(dir, name))
  const script = `import { ownFolder } from '${MODULE}'
    for (const path of ${JSON.stringify(paths)}) await ownFolder(path)
    console.log('owned'); setInterval(() => undefined, 1_000)`
  const args = ['--import', 'tsx', '--input-type=module', '-e', script]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return async () => {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
}

const open = () => openRuntimeScratch(dir, log)

it('removes at its end what it holds', async () => {
  const scratch = await open()
  await mkdir(join(scratch.path, 'worker-1', 'attempt-1'), { recursive: true })
  await scratch.remove()
  expect(await readdir(dir)).toEqual([])
})

it('removes the folder of a runtime that was killed, and not of one that lives', async () => {
  const kill = await ownerOf('runtime-killed')
  const killOther = await ownerOf('runtime-lives')
  await kill()
  const scratch = await open()
  expect((await readdir(dir)).toSorted()).toEqual(
    ['runtime-lives', scratch.path.slice(dir.length + 1)].toSorted(),
  )
  await killOther()
})

it('waits for workers that have lost their runtime', async () => {
  const killSupervisor = await ownerOf('runtime-a')
  const killWorker = await ownerOf('runtime-a/worker-1')
  await killSupervisor()
  await open()
  expect(await readdir(dir)).toContain('runtime-a')
  await killWorker()
  await open()
  expect(await readdir(dir)).not.toContain('runtime-a')
})

it('knows a pid that was given again, and leaves alone what is on other hosts or no runtime’s', async () => {
  const { path } = await open()
  const owner = JSON.parse(await readFile(join(path, 'owner.json'), 'utf8')) as Record<string, unknown>
  const as = async (name: string, changes: Record<string, unknown>) => {
    await cp(path, join(dir, name), { recursive: true })
    await writeFile(join(dir, name, 'owner.json'), JSON.stringify({ ...owner, ...changes }))
  }
  await as('runtime-same-pid', { startedAt: 'long ago' })
  await as('runtime-elsewhere', { hostname: 'another', startedAt: 'long ago' })
  await mkdir(join(dir, 'runtime-nobody'))
  await as('mine', { startedAt: 'long ago' })
  await open()
  const left = await readdir(dir)
  expect(left).not.toContain('runtime-same-pid')
  expect(left).toEqual(expect.arrayContaining(['runtime-elsewhere', 'runtime-nobody', 'mine']))
})

it('is a matter of settings when the folder cannot be made', async () => {
  await writeFile(join(dir, 'file'), '')
  await expect(openRuntimeScratch(join(dir, 'file', 'x'), log)).rejects.toThrow(
    /^SLUICE_SCRATCH_DIR: .* a part of the path is a file/,
  )
})
