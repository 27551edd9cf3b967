/** An operator inspects and steers the whole stack over HTTP; every answer matches its schema. */
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import type { z } from '@hono/zod-openapi'
import { describe, expect, it } from 'vitest'
import { functionSchema } from '../../runtime/api/functions/model.ts'
import { jobSchema, previewSchema } from '../../runtime/api/jobs/model.ts'
import { objectViewSchema } from '../../runtime/api/objects/model.ts'
import { pageOf } from '../../runtime/api/http/page.ts'
import { problemSchema } from '../../runtime/api/http/problem.ts'
import { runDetailSchema, runSchema } from '../../runtime/api/runs/model.ts'
import { MAX_BODY_BYTES } from '../../runtime/api/http/body.ts'
import { useStack } from '../helpers/runs.ts'
import { waitFor } from '../helpers/wait.ts'

const TOKENS = { reader: 'the-token-of-a-reader', admin: 'the-token-of-an-admin' }
const used = useStack({ SLUICE_TOKEN_READER: TOKENS.reader, SLUICE_TOKEN_ADMIN: TOKENS.admin })

interface Ask {
  readonly method?: 'POST' | 'PATCH' | 'DELETE'
  readonly body?: unknown
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
}

async function ask(path: string, { method, body, token = TOKENS.admin, headers }: Ask = {}) {
  const response = await fetch(`${used.stack.apiUrl}${path}`, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const answer: unknown = await response.json()
  return { status: response.status, headers: response.headers, answer }
}

/** The answer, when it has this status and fits this schema. */
async function get<T extends z.ZodType>(schema: T, path: string, options?: Ask, status = 200) {
  const { answer, ...rest } = await ask(path, options)
  expect({ path, status: rest.status, answer }).toMatchObject({ status })
  return schema.parse(answer)
}

async function job(id: string) {
  return waitFor(
    async () => {
      const found = await get(jobSchema, `/v1/jobs/${id}`)
      const open = (found.runs?.['queued'] ?? 0) + (found.runs?.['running'] ?? 0)
      return found.status === 'done' && open === 0 && found
    },
    { timeoutMs: 30_000, what: `job ${id} to be done, and its runs` },
  )
}

/** The events of a stream, as they come, until it ends. */
async function* eventsOf(path: string, token = TOKENS.reader) {
  const response = await fetch(`${used.stack.apiUrl}${path}`, {
    headers: { authorization: `Bearer ${token}` },
  })
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    'text/event-stream; charset=utf-8',
  ])
  let rest = ''
  for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
    const texts = (rest + part).split('\n\n')
    rest = texts.pop() ?? ''
    for (const event of texts) {
      const [, name, data = ''] = /^event: (\w+)\n(?:id: \d+\n)?data: (.*)$/.exec(event) ?? []
      if (name) yield { name, data: JSON.parse(data) as Record<string, unknown> }
    }
  }
}

describe('live events', () => {
  it('tell a run from its upload to its end, with its progress and the lines of its tool while it runs', async () => {
    const all = eventsOf('/v1/live?about=function:slow')
    expect((await all.next()).value).toMatchObject({ name: 'ready' })
    await used.stack.mc.run(
      'cp',
      '--attr',
      'files=12;pausems=500',
      import.meta.filename,
      'sluice/incoming/slow/followed',
    )
    const { value: change } = await all.next()
    expect(change).toMatchObject({ name: 'change', data: { runs: [{ function: 'slow' }] } })
    const [{ id }] = change!.data['runs'] as [{ id: string }]
    await all.return(undefined)

    const heard: string[] = []
    const percents = new Set<unknown>()
    const lines: unknown[] = []
    for await (const { name, data } of eventsOf(`/v1/runs/${id}/events`)) {
      if (name === 'status') heard.push(String(data['status']))
      if (name === 'progress') percents.add(data['percent'])
      if (name === 'log') lines.push(...(data['lines'] as string[]))
    }
    expect(heard.at(-1)).toBe('succeeded')
    expect(heard).toContain('running')
    // More often than a heartbeat, which comes each ten seconds.
    expect(percents.size).toBeGreaterThan(1)
    expect(lines).toContain('wrote part 5')
    const view = await get(functionSchema, '/v1/functions/slow?rates=2', { token: TOKENS.reader })
    expect([view.lastHour.done, view.rates?.done]).toEqual([1, 1])
  })
})

describe('a dead letter', () => {
  it('is listed with its reason, and run again once however often one key asks for it', async () => {
    await used.runs.put('answer/dead.txt', 'permanent')
    const { runId } = await used.runs.reached('answer/dead.txt', 'dead')
    const list = '/v1/dead-letters?function=answer&reason=permanent&prefix=answer%2Fdead'
    const { items } = await get(pageOf(runDetailSchema), list, { token: TOKENS.reader })
    expect(items).toMatchObject([{ id: runId, status: 'dead', error: 'there is nothing to be done' }])

    const retry = { method: 'POST', headers: { 'idempotency-key': 'once' } } as const
    const path = `/v1/runs/${runId}/retry`
    expect(await ask(path, { ...retry, token: TOKENS.reader })).toMatchObject({ status: 403 })
    const answers = [await ask(path, retry), await ask(path, retry)]
    for (const { status, headers, answer } of answers) {
      expect({ status, location: headers.get('location') }).toEqual({
        status: 202,
        location: `/v1/runs/${runId}`,
      })
      expect(answer).toEqual(answers[0]?.answer)
    }
    expect(answers.map(({ headers }) => headers.get('idempotent-replayed'))).toEqual([null, 'true'])
    const again = await waitFor(
      async () => {
        const run = await get(runDetailSchema, `/v1/runs/${runId}`)
        return run.attemptLog.length === 2 && run.status === 'dead' && run
      },
      { timeoutMs: 20_000, what: 'the second death' },
    )
    expect(again.attemptLog).toMatchObject([{ outcome: 'dead' }, { outcome: 'dead' }])
  })

  it('is one of many that a job runs again, after a dry run has counted them', async () => {
    for (const name of ['a', 'b']) await used.runs.put(`answer/many/${name}.txt`, 'permanent')
    for (const name of ['a', 'b']) await used.runs.reached(`answer/many/${name}.txt`, 'dead')
    const filter = { prefix: 'answer/many/', until: '2999-01-01T00:00:00Z' }
    const path = '/v1/dead-letters/redrive'
    expect(await get(previewSchema, path, { body: { ...filter, dryRun: true } })).toMatchObject({
      matched: 2,
    })
    const tooMany = await get(problemSchema, path, { body: { ...filter, limit: 1 } }, 422)
    expect(tooMany).toMatchObject({ matched: 2, limit: 1 })

    const { status, headers, answer } = await ask(path, { body: filter })
    const { id } = jobSchema.parse(answer)
    expect({ status, location: headers.get('location') }).toEqual({ status: 202, location: `/v1/jobs/${id}` })
    expect(await job(id)).toMatchObject({ kind: 'redrive', total: 2, handedOut: 2, runs: { dead: 2 } })
    const jobs = await get(pageOf(jobSchema), '/v1/jobs?limit=1')
    expect(jobs.items).toMatchObject([{ id }])
  })

  it('is purged by an admin, and its run is remembered', async () => {
    await used.runs.put('answer/purged.txt', 'permanent')
    const { runId } = await used.runs.reached('answer/purged.txt', 'dead')
    const purge = { body: { runs: [runId] } }
    const refused = await ask('/v1/dead-letters/purge', { ...purge, token: TOKENS.reader })
    expect(refused.status).toBe(403)
    expect((await ask('/v1/dead-letters/purge', purge)).answer).toEqual({ purged: 1 })
    const { items } = await get(pageOf(runDetailSchema), '/v1/dead-letters?prefix=answer%2Fpurged')
    expect(items).toEqual([])
    expect(await get(runDetailSchema, `/v1/runs/${runId}`)).toMatchObject({ status: 'dead' })
  })
})

describe('runs', () => {
  it('are listed in pages that hold each of them once', async () => {
    const names = ['1', '2', '3', '4', '5']
    for (const name of names) await used.runs.put(`echo/pages/${name}`, name)
    for (const name of names) await used.runs.reached(`echo/pages/${name}`, 'succeeded')
    const keys: string[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const query = `prefix=echo%2Fpages%2F&status=succeeded,dead&limit=2${cursor && `&cursor=${cursor}`}`
      const page: { items: z.output<typeof runSchema>[]; nextCursor: string | null } = await get(
        pageOf(runSchema),
        `/v1/runs?${query}`,
      )
      keys.push(...page.items.map(({ object }) => object.key))
      cursor = page.nextCursor
    }
    expect(keys.toSorted()).toEqual(names.map((name) => `echo/pages/${name}`))
  })

  it('in progress are cancelled', async () => {
    await used.runs.put('slow/cancelled.txt', 'x')
    const { runId } = await used.runs.reached('slow/cancelled.txt', 'running')
    await get(runDetailSchema, `/v1/runs/${runId}/cancel`, { method: 'POST' }, 202)
    expect(await used.runs.reached('slow/cancelled.txt', 'cancelled')).toMatchObject({ runId })
  })

  it('that have ended are not cancelled', async () => {
    await used.runs.put('echo/ended.txt', 'x')
    const { runId } = await used.runs.reached('echo/ended.txt', 'succeeded')
    const problem = await get(problemSchema, `/v1/runs/${runId}/cancel`, { method: 'POST' }, 409)
    expect(problem.detail).toContain('succeeded')
  })

  it('are made again by prefix, and a missing object is named', async () => {
    await used.runs.put('echo/again/ü b.txt', 'x')
    await used.runs.reached('echo/again/ü b.txt', 'succeeded')
    const made = await get(jobSchema, '/v1/reprocess', { body: { prefix: 'echo/again/' } }, 202)
    expect(await job(made.id)).toMatchObject({ kind: 'reprocess', total: 1, runs: { succeeded: 1 } })

    const missing = await get(problemSchema, '/v1/reprocess', { body: { keys: ['echo/none'] } }, 404)
    expect(missing.detail).toContain('echo/none')
    const never = await get(problemSchema, '/v1/reprocess', { body: { keys: ['a/../b'] } }, 422)
    expect(never.detail).toContain('MinIO does not accept')
  })
})

describe('a function', () => {
  it('that is paused keeps its uploads waiting, and the object says why', async () => {
    const paused = await get(functionSchema, '/v1/functions/echo/pause', { method: 'POST' })
    expect(paused).toMatchObject({ name: 'echo', isPaused: true })
    await waitFor(
      async () => {
        const key = `echo/paused/${Date.now()}`
        await used.runs.put(key, 'x')
        const seen = await get(objectViewSchema, `/v1/objects/incoming/${key}`)
        return seen.functions.find(({ name }) => name === 'echo')?.reason === 'paused'
      },
      { timeoutMs: 20_000, what: 'an upload to wait for a paused function' },
    )
    const resumed = await get(functionSchema, '/v1/functions/echo/resume', { method: 'POST' })
    expect(resumed.isPaused).toBe(false)
    await waitFor(async () => (await get(functionSchema, '/v1/functions/echo')).queue.waiting === 0, {
      timeoutMs: 20_000,
      what: 'the queue of echo to be empty',
    })
  })

  it('has the limit it was given until that is reset', async () => {
    const path = '/v1/functions/echo'
    const { definedConcurrency } = await get(functionSchema, path)
    const limit = (concurrency: number | null) => ask(path, { method: 'PATCH', body: { concurrency } })
    expect(await limit(1)).toMatchObject({ status: 200, answer: { concurrency: 1, definedConcurrency } })
    expect(await limit(null)).toMatchObject({ answer: { concurrency: definedConcurrency } })
    const { items } = await get(pageOf(functionSchema), '/v1/functions')
    expect(items.map(({ name }) => name)).toContain('echo')
  })
})

describe('the wire', () => {
  it('answers an invalid URL with a problem that has a request id, too', async () => {
    const { hostname, port } = new URL(used.stack.apiUrl)
    const sent = request({ hostname, port, path: '/v1\\runs' }).end()
    const [incoming] = (await once(sent, 'response')) as [IncomingMessage]
    const { statusCode, headers } = incoming
    expect({ statusCode, id: headers['x-request-id'] }).toEqual({ statusCode: 400, id: expect.any(String) })
    expect(problemSchema.parse(JSON.parse(await text(incoming))).status).toBe(400)
  })

  it('answers a body that is too large while it is being sent, and stays up', async () => {
    const body = Buffer.alloc(2 * MAX_BODY_BYTES, ' ')
    const headers = { authorization: `Bearer ${TOKENS.admin}`, 'content-type': 'application/json' }
    const response = await fetch(`${used.stack.apiUrl}/v1/reprocess`, { method: 'POST', headers, body })
    expect(response.status).toBe(413)
    expect(problemSchema.parse(await response.json())).toMatchObject({ limit: MAX_BODY_BYTES })
    expect((await ask('/v1/functions')).status).toBe(200)
  })
})

// Last: it takes a server away.
describe('without Redis', () => {
  it('everything but health is a 503 with Retry-After until Redis is back', async () => {
    await used.stack.redis.stop()
    for (const path of ['/v1/runs', '/v1/functions', '/v1/objects/incoming/a']) {
      const { status, headers, answer } = await ask(path)
      expect({ path, status, after: headers.get('retry-after') }).toEqual({ path, status: 503, after: '5' })
      expect(problemSchema.parse(answer).detail).toContain('Redis')
    }
    expect((await fetch(`${used.stack.apiUrl}/healthz`)).status).toBe(200)
    await used.stack.redis.start()
    await waitFor(async () => (await ask('/v1/runs')).status === 200, { timeoutMs: 30_000, what: '/v1/runs' })
  })
})
