/** How a clone compiles itself: a small project with our build files. */
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { rootDir } from '../../infra/local/root.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-build-'))
  for (const path of [
    'infra/build',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
  ])
    await cp(join(rootDir, path), join(dir, path), { recursive: true })
  for (const folder of ['functions', 'infra/local', 'test'])
    await mkdir(join(dir, folder), { recursive: true })
  await symlink(join(rootDir, 'node_modules'), join(dir, 'node_modules'))
  await writeSource('runtime/answer.ts', 'export const answer: number = 1\n')
  await writeSource('runtime/main.ts', "import { answer } from './answer.ts'\n\nconsole.log(answer)\n")
})
afterEach(() => rm(dir, { recursive: true }))

async function writeSource(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(dir, path)), { recursive: true })
  await writeFile(join(dir, path), text)
}

async function run(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const program = join(dir, 'infra', 'build', 'sluice.mjs')
  const started = promisify(execFile)(process.execPath, [program, ...words])
  return started.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      code,
      stdout,
      stderr,
    }),
  )
}
const builds = () => readdir(join(dir, 'dist'))

it('makes one whole build when several processes start at once, and uses it again', async () => {
  const ended = await Promise.all([run(), run(), run()])
  expect(ended.map(({ stdout }) => stdout)).toEqual(['1\n', '1\n', '1\n'])
  const [build, ...others] = await builds()
  expect(build).toMatch(/^build-/)
  expect(others).toEqual([])
  await run()
  expect(await builds()).toEqual([build])
})

it('makes another one for changed sources, whatever their types', async () => {
  await run()
  await writeSource('runtime/answer.ts', "export const answer: number = 'two'\n")
  expect((await run()).stdout).toBe('two\n')
  expect(await builds()).toHaveLength(2)
})

it("names the line of the source in an error's stack", async () => {
  await writeSource(
    'runtime/answer.ts',
    "interface Long {\n  a: 1\n}\n\nexport const answer: Long = fail()\nfunction fail(): never {\n  throw new Error('here')\n}\n",
  )
  const { code, stderr } = await run()
  expect(code).toBe(1)
  expect(stderr).toMatch(/runtime\/answer\.ts:7:/)
})

it('has each package in one file, and names the line of its source in a stack', async () => {
  await writeSource(
    'runtime/answer.ts',
    `import { z } from 'zod'
export const answer = import.meta.resolve('zod')
process.once('exit', () => z.enum(undefined as never))
`,
  )
  const { stdout, stderr } = await run()
  expect(stdout).toMatch(/\/dist\/build-\w+\/node_modules\/zod\/index\.mjs\n$/)
  const [, path = '', line] = /at getEnumValues \(file:\/\/(.*):(\d+):\d+\)/.exec(stderr) ?? []
  expect(path).toBe(join(dir, 'node_modules', 'zod', 'v4', 'core', 'util.js'))
  const lines = (await readFile(path, 'utf8')).split('\n')
  expect(lines[Number(line) - 1]).toContain('Object.values(entries)')
  expect(stderr).toMatch(/runtime\/answer\.ts:3:/)
})

it('shares its modules and packages with a list of functions beside it', async () => {
  for (const path of ['runtime/function', 'runtime/errors.ts'])
    await cp(join(rootDir, path), join(dir, path), { recursive: true })
  await writeSource(
    'runtime/main.ts',
    `import { z } from 'zod'
import * as own from './answer.ts'
import { importableUrl } from './function/typescript.ts'

for (const path of process.argv.slice(2)) {
  const list = await import(await importableUrl(path))
  console.log(list.own === own, list.z === z, typeof list.getCookie)
}
`,
  )
  const list = `export { z } from 'zod'
export { getCookie } from 'hono/cookie'
export * as own from '../../runtime/answer.ts'
`
  // Written after the build, as lists are.
  await run()
  await writeSource('test/lists-1/list.ts', `${list}export const typed: number = 1\n`)
  await writeSource('test/lists-1/list.js', list)
  const paths = ['ts', 'js'].map((ending) => join(dir, 'test', 'lists-1', `list.${ending}`))
  expect(await run(...paths)).toEqual({ code: 0, stdout: 'true true function\n'.repeat(2), stderr: '' })
})

it('reports what is not TypeScript, and leaves nothing half done', async () => {
  await writeSource('runtime/answer.ts', 'export const answer = = 1\n')
  const { code, stderr } = await run()
  expect(code).toBe(1)
  expect(stderr).toContain('runtime/answer.ts(1,23)')
  expect(await builds()).toEqual([])
})

it('runs through tsx where there is no compiler', async () => {
  await rm(join(dir, 'node_modules'))
  await mkdir(join(dir, 'node_modules'))
  for (const name of await readdir(join(rootDir, 'node_modules')))
    if (name !== 'typescript')
      await symlink(join(rootDir, 'node_modules', name), join(dir, 'node_modules', name))
  expect(await run()).toMatchObject({ code: 0, stdout: '1\n' })
})
