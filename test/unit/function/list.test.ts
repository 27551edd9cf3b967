import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../../runtime/settings/config.ts'
import { createRouter } from '../../../runtime/function/routing.ts'
import { loadFunctions, selfTrigger } from '../../../runtime/function/list.ts'
import { defineFunction } from '../../../runtime/function/definition.ts'

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
  it('leaves the pieces of streams out of chunk and probe, unless the settings ask for them', async () => {
    const reads = async (env: Record<string, string>) => {
      const { functions } = await loadFunctions(loadConfig(env))
      const piece = { bucket: 'incoming', key: 'streams/cam1/20261129T221841Z-ba02e7/001-000000.ts' }
      const routes = createRouter(functions)({ ...piece, sizeBytes: 1_000, make: [] })
      return Object.fromEntries(
        routes.map(({ definition, mismatch = 'match' }) => [definition.name, mismatch]),
      )
    }
    expect(await reads({})).toMatchObject({ chunk: 'ignored', probe: 'ignored' })
    const asked = await reads({ SLUICE_STREAMS_FUNCTIONS: 'probe' })
    expect(asked).toMatchObject({ chunk: 'ignored', probe: 'match' })
  })
  it('asks for functions as the settings say: of every object, or of those whose key matches a rule', async () => {
    const asked = ['a', 'b', 'c'].map((name) => functionOf(name, ", trigger: 'asked'"))
    const body = `export const functions = [${asked.join()}]`
    const env = { SLUICE_MAKE: 'a', SLUICE_MAKE_RULES: '{"videos/**":["b"],"**/*.MOV":["b","c"]}' }
    const { functions } = await load('asked', body, env)
    const router = createRouter(functions)
    const madeOf = (key: string) =>
      router({ bucket: 'incoming', key, sizeBytes: 1, make: [] })
        .filter(({ mismatch }) => mismatch === undefined)
        .map(({ definition }) => definition.name)
    expect(madeOf('x.txt')).toEqual(['a'])
    expect(madeOf('.hidden/x')).toEqual(['a'])
    expect(madeOf('Videos/deep/x.txt')).toEqual(['a', 'b'])
    expect(madeOf('x.mov')).toEqual(['a', 'b', 'c'])
  })

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
      name: 'unknown for pieces',
      body: `export const functions = [${functionOf('a')}]`,
      env: { SLUICE_STREAMS_FUNCTIONS: 'b' },
      issue: /SLUICE_STREAMS_FUNCTIONS: unknown function "b"; known are a/,
    },
    {
      name: 'unknown in make',
      body: `export const functions = [${functionOf('a')}]`,
      env: { SLUICE_MAKE: 'a,b', SLUICE_MAKE_RULES: '{"x/**":["a","c"]}' },
      issue:
        /SLUICE_MAKE: unknown function "b"; known are a[^]*rule "x\/\*\*": unknown function "c"; known are a/,
    },
    {
      name: 'glob of a rule',
      body: `export const functions = [${functionOf('a')}]`,
      env: { SLUICE_MAKE_RULES: '{"[z-a]":["a"]}' },
      issue: /SLUICE_MAKE_RULES: "\[z-a\]" is not a glob/,
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

const issueOf = (on: { match?: string[]; ignore?: string[] }, bucket = 'b', output = bucket) =>
  selfTrigger(
    defineFunction({ name: 'cut', version: '1', on: { bucket, ...on }, output: { bucket: output } }, (c) =>
      c.json({}),
    ),
  )

describe('a function that writes where it reads', () => {
  it.each([
    { name: 'everything', on: {} },
    { name: 'a folder', on: { match: ['clips/**'] } },
    { name: 'a kind of file, as a pointer may be one', on: { match: ['**/*.jpg'] } },
    { name: 'one of several', on: { match: ['*.mp4', '**'] } },
    { name: 'its own folder', on: { match: ['**/cut/poster.jpg'] } },
    { name: 'its folder by a wildcard', on: { match: ['**/c*/*'] } },
    { name: 'alternatives with slashes', on: { match: ['{a/**,b}.mp4'] } },
    { name: 'a negation', on: { match: ['!*.mp4'] } },
    {
      name: 'ignored in part: the manifest, but no pointer',
      on: { match: ['**'], ignore: ['**/manifest.json'] },
    },
    { name: 'ignored in part: not under a long key', on: { ignore: ['**@/cut/**'] } },
  ])('is refused: $name', ({ on }) => {
    expect(issueOf(on)).toMatch(/"cut" would trigger itself.*ignore: \['\*\*\/cut\/\*\*'\]/)
  })

  it.each([
    { name: 'with its results ignored', on: { match: ['**/*.jpg'], ignore: ['**/cut/**'] } },
    { name: 'that reads too high up', on: { match: ['*.mp4', 'in/*'] } },
    { name: 'that reads another function’s results', on: { match: ['**/probe/manifest.json'] } },
    { name: 'that reads a folder that cannot be one of results', on: { match: ['**/in/cut/*'] } },
  ])('is fine: $name', ({ on }) => {
    expect(issueOf(on)).toBeUndefined()
  })
})

it('is fine with a bucket of its own for results', () => {
  expect(issueOf({}, 'in', 'out')).toBeUndefined()
})

it('a function that reads verdicts may not read its own', () => {
  expect(issueOf({ match: ['reports/**'] }, 'metadata', 'out')).toMatch(
    /ignore: \['\*\*\/cut\.verdict\.json'\]/,
  )
  expect(issueOf({ match: ['**/*.verdict.json'] }, 'metadata', 'out')).toBeDefined()
  expect(issueOf({ match: ['**/probe/probe.json'] }, 'metadata', 'out')).toBeUndefined()
  expect(issueOf({ ignore: ['**/cut.verdict.json'] }, 'metadata', 'out')).toBeUndefined()
})
