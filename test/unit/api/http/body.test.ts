import { describe, expect, it, vi } from 'vitest'
import { MAX_BODY_BYTES } from '../../../../runtime/api/http/body.ts'
import { JOB, RUN, RUN_ID } from '../examples.ts'
import { createTestApi } from '../test-api.ts'

const RETRY = `/v1/runs/${RUN_ID}/retry`

async function post(path: string, body?: RequestInit['body'], type = 'application/json') {
  const { app, calls } = createTestApi({
    reprocess: { reprocess: () => Promise.resolve(JOB) },
    runs: { retry: () => Promise.resolve(RUN) },
  })
  const headers = { 'content-type': type }
  const init: RequestInit = { method: 'POST', headers, body: body ?? null, duplex: 'half' }
  const response = await app.request(path, init)
  return { status: response.status, answer: (await response.json()) as Record<string, unknown>, calls }
}

describe('a body', () => {
  it.each([
    { name: 'is not JSON', body: '{"prefix":', status: 400 },
    { name: 'is not UTF-8', body: new Uint8Array([0x22, 0xff, 0x22]), status: 400 },
    { name: 'has half of a surrogate pair', body: String.raw`{"prefix":"\ud83d"}`, status: 400 },
    { name: 'has the second half of a pair alone', body: String.raw`{"prefix":"\ude00"}`, status: 400 },
    { name: 'has half of a pair before an escape', body: String.raw`{"prefix":"\ud83d\n"}`, status: 400 },
    {
      name: 'has half of a pair before the other',
      body: String.raw`{"prefix":"\ud83dx\ude00"}`,
      status: 400,
    },
    { name: 'has half of a pair in a name', body: String.raw`{"\uD83D":1}`, status: 400 },
    { name: 'is missing where one is required', body: undefined, status: 400 },
    { name: 'has an unknown field', body: '{"prefix":"","prefxi":1}', status: 422 },
    { name: 'has a value that is out of range', body: '{"prefix":"","limit":0}', status: 422 },
    { name: 'is JSON of another kind', body: '[]', status: 422 },
  ])('that $name is a $status, and nothing is done', async ({ body, status }) => {
    const outcome = await post('/v1/reprocess', body)
    expect(outcome).toMatchObject({ status, answer: { status, detail: expect.any(String) }, calls: [] })
  })

  it('is answered with each invalid field', async () => {
    const { answer } = await post('/v1/reprocess', '{"prefix":"","limit":0,"status":"lost","x":1}')
    expect(answer['issues']).toEqual([
      { path: 'status', message: expect.stringContaining('missing') },
      { path: 'limit', message: expect.any(String) },
      { path: '', message: expect.stringContaining('"x"') },
    ])
  })

  it('may hold any text, also whole surrogate pairs and look-alikes of halves', async () => {
    const { calls } = await post('/v1/reprocess', String.raw`{"prefix":"\ud83d\ude00 \\ud83d ü\u0000"}`)
    expect(calls).toMatchObject([{ args: [{ prefix: '😀 \\ud83d ü\0' }, expect.any(AbortSignal)] }])
  })

  it('may be omitted where every field has a default, also by clients that send a type', async () => {
    expect(await post(RETRY)).toMatchObject({ status: 202, calls: [{ args: [RUN_ID, { force: false }] }] })
    expect(await post(RETRY, '{"force":true}')).toMatchObject({
      calls: [{ args: [RUN_ID, { force: true }] }],
    })
  })

  it.each(['application/json; charset=utf-8', 'application/vnd.sluice+json'])('may be %s', async (type) => {
    expect((await post('/v1/reprocess', '{"prefix":""}', type)).status).toBe(202)
  })

  it('is read up to its limit and no further', async () => {
    let readBytes = 0
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        readBytes += 1_000_000
        controller.enqueue(new Uint8Array(1_000_000).fill(0x20))
      },
    })
    const { status, answer } = await post('/v1/reprocess', endless)
    expect({ status, limit: answer['limit'] }).toEqual({ status: 413, limit: MAX_BODY_BYTES })
    expect(readBytes).toBeLessThan(MAX_BODY_BYTES + 3_000_000)
  })
})

describe('the cost of one body', () => {
  it('is refused before parsing when it is nested deeper than 64 levels or has too many values', async () => {
    const nested = (levels: number) => `{"options":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`
    expect(await post('/v1/reprocess', nested(65))).toMatchObject({
      status: 400,
      answer: { detail: expect.stringContaining('more than 64 levels') },
    })
    // Brackets in a text are not levels.
    expect((await post('/v1/reprocess', `{"prefix":"${'['.repeat(99)}"}`)).status).toBe(202)
    expect((await post('/v1/reprocess', nested(64))).status).toBe(422)
    const many = `{"keys":[${Array.from({ length: 200_002 }, () => '""').join()}]}`
    expect(await post('/v1/reprocess', many)).toMatchObject({ status: 413 })
  })

  it('parses it once', async () => {
    const parse = vi.spyOn(JSON, 'parse')
    try {
      const body = '{"prefix":"only this once"}'
      expect((await post('/v1/reprocess', body)).status).toBe(202)
      expect(parse.mock.calls.filter(([text]) => text === body)).toHaveLength(1)
    } finally {
      parse.mockRestore()
    }
  })

  it('has a short answer, however many errors it has', async () => {
    const numbers = `{"runs":[${Array.from({ length: 5_000 }, () => 1).join()}]}`
    const { status, answer } = await post('/v1/dead-letters/redrive', numbers)
    expect([status, (answer['issues'] as unknown[]).length]).toEqual([422, 50])
    const name = 'x'.repeat(100_000)
    const long = await post('/v1/dead-letters/redrive', JSON.stringify({ [name]: 1 }))
    expect(JSON.stringify(long.answer).length).toBeLessThan(5_000)
  })
})

it('a body cut off by its client is a 400, not an error of a server', async () => {
  const cut = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new Uint8Array([0x7b]))
      controller.error(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }))
    },
  })
  expect(await post('/v1/reprocess', cut)).toMatchObject({
    status: 400,
    answer: { detail: 'the body was cut off: aborted' },
    calls: [],
  })
})

describe('the address', () => {
  it.each(['/v1/objects/incoming/100%', '/v1/objects/incoming/%FF', '/v1/runs?prefix=%C3', '/v1/runs/%zz'])(
    'is refused when an escape in it is invalid: %s',
    async (path) => {
      const response = await createTestApi().app.request(path)
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ detail: expect.stringContaining('%25') })
    },
  )
})
