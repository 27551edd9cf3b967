import { Hono, type Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { PermanentError } from '../../../../runtime/errors.ts'
import {
  defineFunction,
  type FunctionEnv,
  type FunctionVariables,
} from '../../../../runtime/function/definition.ts'
import type { SourceObject } from '../../../../runtime/function/source.ts'
import {
  createGateway,
  invoke,
  requestOf,
  type AttemptBindings,
  type Invocation,
} from '../../../../runtime/worker/attempt/handle.ts'
import { AttemptAborted } from '../../../../runtime/worker/in-flight.ts'

const event: SourceObject = {
  bucket: 'incoming',
  key: 'ünï/a b',
  generation: 'g',
  etag: 'e',
  sizeBytes: 1,
  lastModifiedMs: 0,
  metadata: {},
}

async function callWith(thrown: Error) {
  const fails = defineFunction({ name: 'fails', version: '1', on: { bucket: 'incoming' } }, () => {
    throw thrown
  })
  const bindings: AttemptBindings = { variables: { event } as FunctionVariables<unknown> }
  const request = requestOf('fails', 'run', event, '2026-01-01T00:00:00.000Z')
  const response = await createGateway([fails]).fetch(request, bindings)
  return { response, thrown: bindings.thrown }
}

describe('the variables of a handler', () => {
  async function called(handler: (c: Context<FunctionEnv>) => void) {
    const fn = defineFunction({ name: 'finds', version: '1', on: { bucket: 'incoming' } }, (c) => {
      handler(c as Context<FunctionEnv>)
      return c.json({})
    })
    let asked = 0
    const variables = {
      event,
      get scratch() {
        asked++
        return '/scratch'
      },
    } as FunctionVariables<unknown>
    const request = requestOf('finds', 'run', event, '2026-01-01T00:00:00.000Z')
    const response = await createGateway([fn]).fetch(request, { variables })
    expect(response.status).toBe(200)
    return asked
  }

  it('are in c.var and c.get, and its folder is created only when it asks for it', async () => {
    expect(
      await called((c) => {
        expect([c.var.event, c.get('event')]).toEqual([event, event])
      }),
    ).toBe(0)
    expect(
      await called((c) => {
        expect([c.var.scratch, c.get('scratch')]).toEqual(['/scratch', '/scratch'])
      }),
    ).toBe(2)
  })

  it('may be covered by values it sets itself', () =>
    called((c) => {
      c.set('scratch', '/own')
      c.set('mine' as 'scratch', 'mine')
      expect([c.var.scratch, c.get('scratch'), { ...c.var }]).toEqual([
        '/own',
        '/own',
        { event, scratch: '/own', mine: 'mine' },
      ])
    }))
})

describe('the Request of a handler', () => {
  async function called(handler: (c: Context<FunctionEnv>) => Response | Promise<Response>) {
    const fn = defineFunction({ name: 'cut', version: '1', on: { bucket: 'incoming' } }, (c) =>
      handler(c as Context<FunctionEnv>),
    )
    const request = requestOf('cut', 'r1', event, '2026-01-01T00:00:00.000Z')
    return createGateway([fn]).fetch(request, { variables: { event } as FunctionVariables<unknown> })
  }

  it('carries a CloudEvent, and is one that can be copied, changed, passed on and fetched', async () => {
    await called(async (c) => {
      const { raw } = c.req
      expect([raw.method, raw.url]).toEqual(['POST', 'http://runtime/functions/cut'])
      expect(Object.fromEntries(raw.headers)).toMatchObject({
        'ce-specversion': '1.0',
        'ce-id': 'r1',
        'ce-subject': encodeURIComponent(event.key),
        'ce-time': '2026-01-01T00:00:00.000Z',
      })
      const changed = new Request(raw.clone(), { method: 'PUT', headers: { 'ce-id': 'r2' } })
      expect([changed.method, changed.headers.get('ce-id')]).toEqual(['PUT', 'r2'])
      class Named extends Request {}
      expect(new Named(raw).headers.get('ce-id')).toBe('r1')
      const inner = new Hono().post('/functions/cut', (each) => each.text(each.req.header('ce-id') ?? ''))
      const outer = new Hono().mount('/', (request) => inner.fetch(request))
      expect(await (await outer.fetch(raw)).text()).toBe('r1')
      expect(await raw.text()).toBe('')
      return c.json({})
    })
  })

  it('is answered with any Response, and leaves the classes of the process as they are', async () => {
    const { Request: OwnRequest, Response: OwnResponse, fetch: ownFetch } = globalThis
    const later = await called((c) => {
      c.header('retry-after', '7')
      return c.json({ ok: false }, 503)
    })
    expect([later.status, later.headers.get('retry-after'), await later.json()]).toEqual([
      503,
      '7',
      { ok: false },
    ])
    expect(await (await called(() => new Response(new Uint8Array([104, 105])))).text()).toBe('hi')
    expect((await called(() => new Response(null, { status: 204 }))).status).toBe(204)
    expect([globalThis.Request, globalThis.Response, globalThis.fetch]).toEqual([
      OwnRequest,
      OwnResponse,
      ownFetch,
    ])
  })
})

describe('an error a handler throws', () => {
  it('counts by its status when it is an HTTPException, like an answer with that status', async () => {
    const res = new Response('later', { status: 429, headers: { 'retry-after': '7' } })
    for (const [error, status] of [
      [new HTTPException(422, { message: 'no such preset' }), 422],
      [new HTTPException(429, { res }), 429],
    ] as const) {
      const { response, thrown } = await callWith(error)
      expect([response.status, thrown]).toEqual([status, undefined])
    }
    expect(
      await (await callWith(new HTTPException(422, { message: 'no such preset' }))).response.text(),
    ).toBe('no such preset')
    expect((await callWith(new HTTPException(429, { res }))).response.headers.get('retry-after')).toBe('7')
  })

  it('is passed on unchanged when it is anything else', async () => {
    const error = new PermanentError('never')
    const { response, thrown } = await callWith(error)
    expect([response.status, thrown]).toEqual([500, error])
  })
})

describe('an aborted call', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  /** Calls a handler and aborts at once. */
  function aborted(handler: Parameters<typeof defineFunction>[1]) {
    const leftBehind: Promise<unknown>[] = []
    const asked = new AbortController()
    const definition = defineFunction({ name: 'cut', version: '1', on: { bucket: 'incoming' } }, handler)
    const outcome = invoke(createGateway([definition]), {
      functionName: 'cut',
      event: { bucket: 'incoming', key: 'a.mp4' },
      eventTime: '2026-11-30T00:00:00.000Z',
      variables: { run: { id: 'a' }, signal: asked.signal },
      onLeftBehind: (ended: Promise<unknown>) => leftBehind.push(ended),
    } as unknown as Invocation)
    asked.abort(new AttemptAborted('timeout', 'the attempt took too long'))
    return { outcome, leftBehind }
  }

  it('abandons a handler that ignores its signal, and reports it', async () => {
    let end: (response: Response) => void = () => undefined
    const { outcome, leftBehind } = aborted(() => new Promise<Response>((resolve) => (end = resolve)))
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await outcome).toMatchObject({ error: 'the attempt took too long, and the handler did not stop' })
    expect(leftBehind).toHaveLength(1)
    end(new Response('done after all'))
    await expect(leftBehind[0]).resolves.toMatchObject({ kind: 'succeeded' })
  })

  it('abandons no handler that heeds it', async () => {
    const { outcome, leftBehind } = aborted(() => Promise.reject(new Error('aborted')))
    expect(await outcome).toMatchObject({ kind: 'retry', error: 'the attempt took too long' })
    expect(leftBehind).toEqual([])
  })
})
