/** The package that `npm pack` makes, in a project of somebody else. @module */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rootDir } from '../../infra/local/root.ts'
import { startTestStack, type TestStack } from '../helpers/stack.ts'
import { waitFor } from '../helpers/wait.ts'

const run = promisify(execFile)

const PROJECT = { name: 'shouting', version: '1.0.0', private: true, type: 'module' }
const FUNCTION = `
import { readFile } from 'node:fs/promises'
import { defineFunction, PermanentError } from 'sluice'

export const shout = defineFunction(
  { name: 'shout', version: '1', on: { bucket: 'incoming', match: ['**/*.txt'] } },
  async (c) => {
    const text = await readFile(await c.var.source.file(), 'utf8')
    if (text === '') throw new PermanentError('there is nothing to shout')
    await c.var.output.json({ text: text.toUpperCase() }, { name: 'shout.json', role: 'shout', pointer: 'shout.json' })
    return c.json({ ok: true })
  },
)
`
const LIST = `
import { functions as media } from 'sluice/functions'
import { shout } from './shout.js'

export const functions = [shout, ...media.filter(({ name }) => name === 'probe')]
`
const TEST = `
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import test from 'node:test'
import { testFunction } from 'sluice/testing'
import { shout } from './functions/shout.js'

test('shouts', async () => {
  const run = await testFunction(shout, { object: Buffer.from('hello'), key: 'a.txt' })
  assert.equal(run.status, 'succeeded')
  assert.deepEqual(JSON.parse(await readFile(run.files[0].path, 'utf8')), { text: 'HELLO' })
  await run.remove()
})
`

describe('the package in an empty project', () => {
  let dir: string
  let project: string
  let stack: TestStack
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sluice-package-'))
    project = join(dir, 'project')
    await mkdir(join(project, 'functions'), { recursive: true })
    await writeFile(join(project, 'package.json'), JSON.stringify(PROJECT))
    await writeFile(join(project, 'functions', 'shout.js'), FUNCTION)
    await writeFile(join(project, 'functions', 'index.js'), LIST)
    await writeFile(join(project, 'shout.test.js'), TEST)
    const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', dir], { cwd: rootDir })
    const words = ['install', '--no-audit', '--no-fund', '--prefer-offline', join(dir, stdout.trim())]
    await run('npm', words, { cwd: project })
    stack = await startTestStack()
    await stack.runtime.stop()
  })
  afterAll(async () => {
    await stack?.stop()
    if (dir) await rm(dir, { recursive: true })
  })

  /** The command of the package. */
  function sluice(words: readonly string[], env: NodeJS.ProcessEnv = {}) {
    return run('npx', ['--no-install', 'sluice', ...words], { cwd: project, env: { ...process.env, ...env } })
  }

  it('runs a function of the project on a file, without servers and without tsx', async () => {
    await expect(readFile(join(project, 'node_modules/tsx/package.json'))).rejects.toThrow('ENOENT')
    await writeFile(join(project, 'note.txt'), 'hello')
    const { stdout } = await sluice(['invoke', 'shout', 'note.txt'])
    expect(stdout).toMatch(/shout\.json/)
    const text = await readFile(join(project, 'sluice-out/processed/note.txt/shout/shout.json'), 'utf8')
    expect(JSON.parse(text)).toEqual({ text: 'HELLO' })
  })

  it('says why there is no result, and ends with 1', async () => {
    await writeFile(join(project, 'empty.txt'), '')
    await expect(sluice(['invoke', 'shout', 'empty.txt'])).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^sluice: shout gave up after .*: there is nothing to shout$/m) as string,
    })
  })

  it('tests the function by its own tests', async () => {
    await expect(run(process.execPath, ['--test'], { cwd: project })).resolves.toBeDefined()
  })

  it('names what is missing for a list in TypeScript', async () => {
    await writeFile(join(project, 'list.ts'), 'export const functions: unknown[] = []\n')
    const started = sluice(['invoke', 'shout', 'note.txt'], { SLUICE_FUNCTIONS_FILE: 'list.ts' })
    await expect(started).rejects.toMatchObject({
      stderr: expect.stringContaining('npm install tsx') as string,
    })
  })

  it('starts a runtime, and an upload becomes a result', async () => {
    const { root } = stack.credentials
    // The accounts are there; the function's notification is not.
    const { REDIS_URL, MINIO_ENDPOINT } = stack.env
    const asRoot = { MINIO_ROOT_USER: root.accessKey, MINIO_ROOT_PASSWORD: root.secretKey }
    await sluice(['setup'], { REDIS_URL, MINIO_ENDPOINT, ...asRoot })
    // As npx starts it, without npx between us and its end.
    const started = spawn(join(project, 'node_modules/.bin/sluice'), ['start'], {
      cwd: project,
      env: { ...process.env, ...stack.env },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    try {
      await writeFile(join(project, 'upload.txt'), 'hello')
      await stack.mc.run('cp', '--quiet', join(project, 'upload.txt'), 'sluice/incoming/upload.txt')
      const found = await waitFor(() => stack.storage.readText('processed', 'upload.txt/shout/shout.json'), {
        timeoutMs: 60_000,
        what: 'the result of a function of the project',
      })
      expect(JSON.parse(found.text)).toEqual({ text: 'HELLO' })
    } finally {
      await ended(started)
    }
  })
})

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const closed = once(child, 'close')
  child.kill('SIGTERM')
  await closed
}
