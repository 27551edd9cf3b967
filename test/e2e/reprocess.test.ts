/** Objects and dead letters run again on request, by jobs. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Job, Preview } from '../../runtime/api/jobs/model.ts'
import type { RunDetail } from '../../runtime/api/runs/model.ts'
import { createApiClient } from '../helpers/api.ts'
import { useStack } from '../helpers/runs.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useStack({ SLUICE_WORKERS: '2' })
let redis: Redis
beforeAll(() => {
  redis = new Redis(used.stack.redisUrl)
})
afterAll(() => redis.disconnect())

const { ask, ended } = createApiClient(() => used.stack)
const soon = <T>(what: string, check: () => Promise<T | undefined | false>, timeoutMs = 20_000) =>
  waitFor(check, { timeoutMs, what })
const runOf = async (key: string) => (await used.runs.of(key)).at(-1)!

describe('reprocessing', () => {
  let folder = ''
  let folders = 0
  beforeEach(async () => {
    folder = `echo/again-${++folders}`
    for (const name of ['a', 'b', 'c']) await used.runs.put(`${folder}/${name}`, name)
    await used.runs.put(`${folder}/folder/`, '')
    for (const name of ['a', 'b', 'c']) await used.runs.reached(`${folder}/${name}`, 'succeeded')
  })

  it('previews its runs, then runs them and counts the outcomes', async () => {
    const request = { prefix: `${folder}/` }
    const preview = await ask<Preview>('POST', '/reprocess', { ...request, dryRun: true })
    expect(preview).toMatchObject({ status: 200, body: { matched: 3, totalBytes: 3 } })
    expect(preview.body.passedOver).toMatchObject({ 'folder-marker': 1 })
    expect((await runOf(`${folder}/a`)).trigger).toBe('upload')

    const begun = await ask<Job>('POST', '/reprocess', request)
    expect(begun).toMatchObject({ status: 202, body: { total: 3 } })
    expect(begun.headers.get('location')).toBe(`/v1/jobs/${begun.body.id}`)
    expect(await ended(begun.body.id)).toMatchObject({ status: 'done', handedOut: 3, passedOver: 0 })
    await soon('all to be done', async () => {
      const { runs } = (await ask<Job>('GET', `/jobs/${begun.body.id}`)).body
      return runs?.['succeeded'] === 3
    })
    expect((await used.runs.manifest('echo', `${folder}/a`))?.epoch).toBeGreaterThan(0)
    await used.runs.assertThere('echo', `${folder}/b`)
  })

  it('prefers the options of the request to all others', async () => {
    await used.stack.mc.run(
      'cp',
      '--attr',
      'files=1;pausems=0',
      import.meta.filename,
      'sluice/incoming/slow/options',
    )
    await used.runs.reached('slow/options', 'succeeded')
    const job = await ask<Job>('POST', '/reprocess', { keys: ['slow/options'], options: { files: 3 } })
    await ended(job.body.id)
    const files = async () => (await used.runs.manifest('slow', 'slow/options'))?.files.length
    expect(await soon('its result', async () => (await files()) !== 1 && files())).toBe(3)
  })

  it('does nothing over its limit, and says how many match', async () => {
    const refused = await ask('POST', '/reprocess', { prefix: `${folder}/`, limit: 2 })
    expect(refused).toMatchObject({ status: 422, body: { matched: 3, limit: 2 } })
  })

  it('does the same request once, however often it is sent with one key', async () => {
    const headers = { 'idempotency-key': 'once' }
    const [first, second] = [
      await ask<Job>('POST', '/reprocess', { keys: [`${folder}/a`] }, headers),
      await ask<Job>('POST', '/reprocess', { keys: [`${folder}/a`] }, headers),
    ]
    expect(second.body.id).toBe(first.body.id)
    expect((await ask('POST', '/reprocess', { keys: [`${folder}/b`] }, headers)).status).toBe(422)
  })

  it('selects failed runs, missing results, and results of an older version of the function', async () => {
    const count = async (prefix: string, status: string) =>
      (await ask<Preview>('POST', '/reprocess', { prefix, status, dryRun: true })).body.matched
    await used.runs.put('answer/permanent', 'permanent')
    await used.runs.reached('answer/permanent', 'dead')
    expect(await count('answer/', 'failed')).toBe(1)
    expect(await count(`${folder}/`, 'failed')).toBe(0)
    expect(await count(`${folder}/`, 'missing')).toBe(0)
    expect(await count(`${folder}/`, 'outdated')).toBe(0)

    // Redis knows nothing, and somebody has removed a result.
    await soon('the verdict', async () => used.runs.verdict('answer', 'answer/permanent'))
    // A copy that came after Redis was emptied would run its upload again, and what runs is passed over as busy.
    await used.runs.heardTwice([...['a', 'b', 'c'].map((name) => `${folder}/${name}`), 'answer/permanent'])
    await redis.flushall()
    expect(await count('answer/', 'failed')).toBe(1)
    expect(await count(`${folder}/`, 'missing')).toBe(0)
    await used.stack.storage.remove('processed', `${folder}/a/echo/manifest.json`)
    expect(await count(`${folder}/`, 'missing')).toBe(1)

    const { storage } = used.stack
    const manifestKey = `${folder}/b/echo/manifest.json`
    const found = await storage.readText('processed', manifestKey)
    const older = (found?.text ?? '').replace('"functionVersion": "1"', '"functionVersion": "0"')
    await storage.put(
      'processed',
      manifestKey,
      { bytes: Buffer.from(older) },
      { contentType: 'application/json' },
    )
    expect(await count(`${folder}/`, 'outdated')).toBe(1)
  })

  it('explains why there is nothing to do for named objects', async () => {
    const of = (keysOf: string[], rest = {}) => ask('POST', '/reprocess', { keys: keysOf, ...rest })
    expect((await of(['echo/nothing'])).status).toBe(404)
    expect((await of([`${folder}/folder/`])).status).toBe(422)
    expect(await of([`${folder}/a`], { function: 'nobody' })).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining('echo, flaky') },
    })
    expect(await of(['slow/options'], { options: { files: 0 } })).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining('slow.files') },
    })
    expect((await of([`${folder}/a`], { bucket: 'temporary' })).status).toBe(422)
    expect(await of(['slow/options'], { options: { seconds: 1 } })).toMatchObject({
      status: 422,
      body: { detail: expect.stringMatching(/no function has all of seconds; valid: .*slow: files/) },
    })
  })

  it('adds runs at the requested rate, and stops when it is cancelled', async () => {
    const begun = await ask<Job>('POST', '/reprocess', { prefix: `${folder}/`, ratePerSecond: 0.1 })
    await soon(
      'the first one',
      async () => (await ask<Job>('GET', `/jobs/${begun.body.id}`)).body.handedOut === 1,
    )
    expect((await ask<Job>('POST', `/jobs/${begun.body.id}/cancel`)).body.status).toBe('cancelled')
    expect((await ask('POST', `/jobs/${begun.body.id}/cancel`)).status).toBe(409)
    expect((await ask<Job>('GET', `/jobs/${begun.body.id}`)).body).toMatchObject({ handedOut: 1, total: 3 })
  })

  it('continues where it was when the process that adds runs is killed', async () => {
    const begun = await ask<Job>('POST', '/reprocess', { prefix: `${folder}/`, ratePerSecond: 1 })
    await soon(
      'the first one',
      async () => (await ask<Job>('GET', `/jobs/${begun.body.id}`)).body.handedOut >= 1,
    )
    for (const pid of await used.stack.childPids('serve')) process.kill(pid, 'SIGKILL')
    const job = await soon(
      'the job',
      async () => {
        const { body } = await ask<Job>('GET', `/jobs/${begun.body.id}`).catch(() => ({ body: undefined }))
        return body?.status === 'done' && body
      },
      60_000,
    )
    expect(job).toMatchObject({ handedOut: 3, passedOver: 0 })
  })
})

describe('dead letters', () => {
  it('are listed newest first, redriven by filter, and purged', async () => {
    for (const name of ['permanent', '404']) {
      await used.runs.put(`answer/letters/${name}`, name)
      await used.runs.reached(`answer/letters/${name}`, 'dead')
    }
    const prefix = 'answer/letters/'
    const list = async (query: string) =>
      (
        await ask<{ items: RunDetail[]; nextCursor: string | null }>(
          'GET',
          `/dead-letters?prefix=${prefix}&${query}`,
        )
      ).body
    expect((await list('')).items.map(({ object }) => object.key)).toEqual([
      `${prefix}404`,
      `${prefix}permanent`,
    ])
    const first = await list('limit=1')
    const second = await list(`limit=1&cursor=${first.nextCursor ?? ''}`)
    expect(second.items.map(({ object }) => object.key)).toEqual([`${prefix}permanent`])
    expect((await list('reason=permanent')).items).toHaveLength(1)

    const request = { function: 'answer', prefix, reason: 'exhausted' }
    const preview = await ask<Preview>('POST', '/dead-letters/redrive', { ...request, dryRun: true })
    expect(preview).toMatchObject({ status: 200, body: { matched: 1 } })
    const job = await ask<Job>('POST', '/dead-letters/redrive', request)
    expect(await ended(job.body.id)).toMatchObject({ handedOut: 1 })
    await soon('it to be dead again', async () => (await list('')).items.length === 2)

    expect(await ask('POST', '/dead-letters/purge', { prefix, limit: 1 })).toMatchObject({
      status: 422,
      body: { matched: 2 },
    })
    expect((await ask('POST', '/dead-letters/purge', { prefix })).body).toEqual({ purged: 2 })
    expect((await list('')).items).toEqual([])
    expect(await used.runs.verdict('answer', `${prefix}404`)).toBeDefined()
  })
})
