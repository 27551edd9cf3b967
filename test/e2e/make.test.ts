/** Functions that run only when asked, asked for in each way: by mc, by the settings, by a request, also one that Redis loses. */
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { FunctionView } from '../../runtime/api/functions/model.ts'
import type { ObjectView } from '../../runtime/api/objects/model.ts'
import { createApiClient } from '../helpers/api.ts'
import { useStack } from '../helpers/runs.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useStack({
  SLUICE_FUNCTIONS_FILE: join(import.meta.dirname, 'make-functions.ts'),
  SLUICE_MAKE_RULES: '{"videos/**":["ruled"]}',
  SLUICE_SWEEP_GRACE: '1s',
  SLUICE_SWEEP_EVERY: '1s',
})
let redis: Redis
beforeAll(() => {
  redis = new Redis(used.stack.redisUrl)
})
afterAll(() => redis?.disconnect())
const { ask } = createApiClient(() => used.stack)
const timeoutMs = 60_000

const upload = (key: string, attributes?: string) =>
  used.stack.mc.run(
    'cp',
    ...(attributes ? ['--attr', attributes] : []),
    import.meta.filename,
    `sluice/incoming/${key}`,
  )
const result = (name: string, key: string) =>
  waitFor(() => used.runs.manifest(name, key), { timeoutMs, what: `the result of ${name} for ${key}` })
const view = async (key: string) =>
  (await ask<ObjectView>('GET', `/objects/incoming?key=${encodeURIComponent(key)}`)).body
const reasonsOf = async (key: string) =>
  Object.fromEntries((await view(key)).functions.map(({ name, reason }) => [name, reason]))

/** A run ends a moment after its manifest is there. */
const endedAs = (key: string, reasons: Readonly<Record<string, string>>) =>
  waitFor(async () => isDeepStrictEqual(await reasonsOf(key), reasons), {
    timeoutMs,
    what: `${key}: ${JSON.stringify(reasons)}`,
  })

it('makes what an upload asks for, with its options, and says in each manifest what set nothing', async () => {
  await upload('asks.txt', 'make=LIST,nothing;preset=three;ruled.count=1')
  const { files, pointers, options, warnings } = await result('list', 'asks.txt')
  expect(files.filter(({ role }) => role === 'part')).toHaveLength(3)
  expect(options).toEqual({ count: 3, preset: 'three' })
  const strange = /"make" names "nothing", which is not a function/
  const vain = /"ruled\.count" is not an option of ruled/
  expect(warnings).toEqual([expect.stringMatching(strange), expect.stringMatching(vain)])
  expect((await result('always', 'asks.txt')).warnings).toEqual(warnings)
  // The pointer's own addresses lead to files.
  const place = pointers['list.json']?.replace(/~.*/, '') ?? ''
  // Written after the manifest.
  const pointer = () => used.stack.storage.readText('processed', `${place}list.json`)
  const { text } = await waitFor(pointer, { timeoutMs, what: 'the pointer' })
  const addresses = JSON.parse(text) as string[]
  expect(addresses).toHaveLength(3)
  for (const address of addresses)
    expect(await used.stack.storage.head('processed', `${place}${address}`)).toBeDefined()
  const { summary, make } = await view('asks.txt')
  expect(summary).toMatch(strange)
  expect(make).toMatchObject({ functions: ['list', 'nothing'] })
  await endedAs('asks.txt', { always: 'succeeded', list: 'succeeded', ruled: 'not-asked' })
})

it('makes what a rule of the settings asks for, and says how to ask for the rest', async () => {
  await upload('videos/a.txt')
  await upload('a.txt')
  await result('ruled', 'videos/a.txt')
  await result('always', 'a.txt')
  await used.runs.heardTwice(['videos/a.txt', 'a.txt'])
  await endedAs('videos/a.txt', { always: 'succeeded', list: 'not-asked', ruled: 'succeeded' })
  const { summary } = await view('a.txt')
  expect(summary).toMatch(
    /List, ruled run only when asked: upload with --attr make=list,ruled, or sluice reprocess incoming\/a\.txt --function NAME\./,
  )
  expect((await ask<FunctionView>('GET', '/functions/ruled')).body).toMatchObject({
    trigger: 'asked',
    askedOn: ['videos/**'],
    presets: {},
  })
})

it('finds after the loss of Redis what uploads asked for', async () => {
  await used.stack.storage.put(
    'incoming',
    'lost.txt',
    { bytes: Buffer.from('x') },
    { contentType: 'text/plain', metadata: { make: 'list' } },
  )
  await redis.flushall()
  expect(await result('list', 'lost.txt')).toMatchObject({ epoch: 0 })
})

it('carries out a request that Redis lost once it was acknowledged', async () => {
  await upload('requested.txt')
  await result('always', 'requested.txt')
  await used.runs.heardTwice(['requested.txt'])
  // Nothing starts: the run waits while Redis forgets it.
  await ask('POST', '/functions/list/pause')
  const body = { keys: ['requested.txt'], function: 'list', options: { 'list.count': 2 } }
  expect(await ask('POST', '/reprocess', body)).toMatchObject({ status: 202 })
  await redis.flushall()
  await ask('POST', '/functions/list/resume')
  const { files } = await result('list', 'requested.txt')
  expect(files.filter(({ role }) => role === 'part')).toHaveLength(2)
  const asks = async () => {
    const keys = []
    for await (const { key } of used.stack.storage.list('metadata', { prefix: '~sluice/asks/' }))
      keys.push(key)
    return keys.length === 0
  }
  await waitFor(asks, { timeoutMs, what: 'the record of the request to be removed' })
})

it('refuses a request for a function or an option that is not there, with a sentence', async () => {
  await upload('refused.txt')
  const of = (rest: object) =>
    ask<{ detail: string }>('POST', '/reprocess', { keys: ['refused.txt'], ...rest })
  expect(await of({ function: 'nothing' })).toMatchObject({
    status: 422,
    body: { detail: expect.stringMatching(/no function "nothing"/) },
  })
  expect(await of({ function: 'list', options: { count: 10 } })).toMatchObject({
    status: 422,
    body: { detail: expect.stringMatching(/list\.count: /) },
  })
  expect(await of({ function: 'list', options: { preset: 'four' } })).toMatchObject({
    status: 422,
    body: { detail: expect.stringMatching(/list\.preset: /) },
  })
})
