import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../../runtime/settings/config.ts'
import { loadFunctions } from '../../../runtime/function/list.ts'

let folder: string
// Inside the project, so that the lists find the runtime as a user's would.
beforeAll(async () => {
  folder = await mkdtemp(join(import.meta.dirname, 'lists-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function load(name: string, body: string, env: Record<string, string> = {}) {
  const file = join(folder, `${name}.ts`)
  await writeFile(file, `import { defineFunction } from '../../../../runtime/index.ts'\n${body}`)
  return loadFunctions(loadConfig({ SLUICE_FUNCTIONS_FILE: file, ...env }))
}
const functionOf = (name: string, rest = '') =>
  `defineFunction({ name: '${name}', version: '1', on: { bucket: 'incoming' }${rest} }, (c) => c.json({}))`

describe('loadFunctions', () => {
  it('loads the list that ships with the project', async () => {
    const { functions, tools } = await loadFunctions(loadConfig({}))
    // Whoever adds one of their own, as README says, breaks nothing.
    expect(functions.map(({ name }) => name)).toEqual(expect.arrayContaining(['chunk', 'probe']))
    expect((await tools?.())?.['ffmpeg']).toMatch(/\d.*\((path|embedded|environment)\)/)
  })

  it.each([
    { name: 'empty', body: 'export const functions = []', env: {}, issue: /exports no list "functions"/ },
    {
      name: 'twice',
      body: `export const functions = [${functionOf('a')}, ${functionOf('a')}]`,
      env: {},
      issue: /two functions are called "a"/,
    },
    {
      name: 'circle',
      body: `export const functions = [${functionOf('a', `, output: { bucket: 'incoming' }`)}]`,
      env: {},
      issue: /"a" would trigger itself/,
    },
    {
      name: 'unknown',
      body: `export const functions = [${functionOf('a')}]`,
      env: { SLUICE_FUNCTIONS: 'b' },
      issue: /unknown function "b"; known are a/,
    },
    {
      name: 'option',
      body: `export const functions = [${functionOf('a')}]`,
      env: { SLUICE_OPTIONS: '{"a":{"x":1}}' },
      issue: /SLUICE_OPTIONS: a.*takes no options/,
    },
    {
      name: 'several',
      body: `export const functions = [${functionOf('a')}, ${functionOf('a')}]`,
      env: { SLUICE_FUNCTIONS: 'b', SLUICE_OPTIONS: '{"c":{}}' },
      issue: /two functions[^]*unknown function "b"[^]*unknown function "c"/,
    },
    {
      name: 'stranger',
      body: `export const functions = [${functionOf('a')}, undefined]`,
      env: {},
      issue: /entry 2 of "functions" was not made by defineFunction/,
    },
    {
      name: 'missing',
      body: '',
      env: { SLUICE_FUNCTIONS_FILE: '/nowhere/list.ts' },
      issue: /SLUICE_FUNCTIONS_FILE: \/nowhere\/list\.ts cannot be loaded/,
    },
  ])('refuses a wrong list: $name', async ({ name, body, env, issue }) => {
    await expect(load(name, body, env)).rejects.toThrow(issue)
  })
})
