import { Context, Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { routePath } from 'hono/route'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { PermanentError } from '../../../../runtime/errors.ts'
import {
  defineFunction,
  type FunctionEnv,
  type FunctionVariables,
} from '../../../../runtime/function/definition.ts'
import type { SourceObject } from '../../../../runtime/function/source.ts'
import type { Claim } from '../../../../runtime/queue/run.ts'
import { handle, invoke } from '../../../../runtime/worker/attempt/handle.ts'
import { Late } from '../../../../runtime/worker/attempt/late.ts'
import type { Handling } from '../../../../runtime/worker/attempt/parts.ts'
import { createInFlight } from '../../../../runtime/worker/in-flight.ts'
import { NO_STRAYS } from '../../../helpers/strays.ts'

const event: SourceObject = {
  bucket: 'incoming',
  key: 'ünï/a b',
  generation: 'g',
  etag: 'e',
  sizeBytes: 1,
  lastModifiedMs: 0,
  metadata: {},
}

type Answer = Response | Promise<Response> | undefined

/** An attempt at calling `handler`. */
function attemptAt(handler: (c: Context<FunctionEnv>) => Answer) {
  const definition = defineFunction(
    { name: 'cut', version: '1', on: { bucket: 'incoming' } },
    (c) => handler(c as Context<FunctionEnv>) as Response,
  )
  const claim = { runId: 'r1', attempts: 0, epoch: 0, payload: { eventTimeMs: Date.UTC(2026, 0, 1) } }
  const inFlight = createInFlight(30_000)
  return { inFlight, attempt: inFlight.add(claim as Claim, definition) }
}

const called = (handler: (c: Context<FunctionEnv>) => Answer, variables = {}) =>
  invoke({
    attempt: attemptAt(handler).attempt,
    variables: {
      event,
      log: { warn: () => undefined },
      ...variables,
    } as unknown as FunctionVariables<unknown>,
    onLeftBehind: () => undefined,
  })

describe('the variables of a handler', () => {
  /** Which of the expensive parts were made. */
  async function handled(handler: (c: Context<FunctionEnv>) => Answer) {
    const made: string[] = []
    const { attempt, inFlight } = attemptAt(handler)
    const output = { abandon: () => Promise.resolve(void made.push('abandoned')) }
    const handling = {
      attempt,
      event,
      log: { warn: () => undefined },
      options: { seconds: 6 },
      scratch: () => (made.push('scratch'), '/scratch'),
      output: new Late(
        () => (made.push('output'), output),
        (each) => each.abandon(),
      ),
    } as unknown as Handling
    const outcome = await handle({ strays: NO_STRAYS } as unknown as Parameters<typeof handle>[0], handling)
    return { made, outcome, output: handling.output, attempt, inFlight }
  }

  it('are in c.var and c.get, also taken out of it, and made only when it asks for them', async () => {
    const plain = await handled((c) => {
      expect([c.var.event, c.get('event'), c.var.options, c.var.run]).toEqual([
        event,
        event,
        { seconds: 6 },
        { id: 'r1', attempt: 1, epoch: 0 },
      ])
      const { progress } = c.var
      progress({ percent: 50 })
      return c.json({})
    })
    expect([plain.outcome.kind, plain.made, plain.attempt.progress]).toEqual([
      'succeeded',
      [],
      { percent: 50 },
    ])
    const { made } = await handled((c) => {
      const { output, scratch } = c.var
      expect([c.get('output'), c.get('scratch'), c.var.source, c.var.signal.aborted]).toEqual([
        output,
        scratch,
        c.get('source'),
        false,
      ])
      return c.json({})
    })
    expect(made).toEqual(['output', 'scratch', 'scratch'])
  })

  it('may be covered by values it sets itself', async () => {
    const { made, outcome } = await handled((c) => {
      c.set('scratch', '/own')
      c.set('mine' as 'scratch', 'mine')
      expect([c.var.scratch, c.get('scratch'), { ...c.var }]).toEqual([
        '/own',
        '/own',
        { event, options: { seconds: 6 }, scratch: '/own', mine: 'mine' },
      ])
      return c.json({})
    })
    expect([outcome.kind, made]).toEqual(['succeeded', []])
  })

  it('are closed for a handler that was left behind and asks only then', async () => {
    let left: Context<FunctionEnv> | undefined
    const { output, made } = await handled((c) => c.json((left = c) && {}))
    await output.end()
    expect(made).toEqual([])
    await expect(left?.var.source.bytes(0, 1)).rejects.toThrow('its attempt has ended')
    expect(left?.var.output).toBeDefined()
    expect(made).toEqual(['output', 'abandoned'])
  })
})

describe('the context of a handler', () => {
  it.each(['get', 'set', 'json', 'text'] as const)(
    'takes a %s of its own, as that of Hono does',
    async (name) => {
      const before = vi.fn<() => void>()
      const outcome = await called((c) => {
        const own = c[name] as (...args: unknown[]) => unknown
        Object.assign(c, {
          [name]: (...args: unknown[]) => {
            before()
            return own(...args)
          },
        })
        ;(c[name] as (...args: unknown[]) => unknown)('event', 'x')
        return new Response('{}')
      })
      expect(before).toHaveBeenCalledOnce()
      expect(outcome.kind).toBe('succeeded')
      // Of this context alone.
      await called((c) => c.json({}))
      expect(before).toHaveBeenCalledOnce()
    },
  )

  it('is one of Hono, whose Request carries a CloudEvent and can be copied, changed, passed on and read', async () => {
    const outcome = await called(async (c) => {
      expect(c).toBeInstanceOf(Context)
      expect([c.req, c.req.path, routePath(c), c.req.header('ce-id')]).toEqual([
        c.req,
        '/functions/cut',
        '/functions/cut',
        'r1',
      ])
      const { raw } = c.req
      expect([raw.method, raw.url]).toEqual(['POST', 'http://runtime/functions/cut'])
      expect(Object.fromEntries(raw.headers)).toMatchObject({
        'ce-specversion': '1.0',
        'ce-subject': encodeURIComponent(event.key),
        'ce-time': '2026-01-01T00:00:00.000Z',
      })
      const changed = new Request(raw.clone(), { method: 'PUT', headers: { 'ce-id': 'r2' } })
      expect([changed.method, changed.headers.get('ce-id')]).toEqual(['PUT', 'r2'])
      const inner = new Hono().post('/functions/cut', (each) => each.text(each.req.header('ce-id') ?? ''))
      const outer = new Hono().mount('/', (request) => inner.fetch(request))
      expect(await (await outer.fetch(raw)).text()).toBe('r1')
      expect(await raw.text()).toBe('')
      return c.json({})
    })
    expect(outcome).toEqual({ kind: 'succeeded', result: '{}' })
  })

  it('leaves the classes of the process as they are', async () => {
    const { Request: OwnRequest, Response: OwnResponse, fetch: ownFetch } = globalThis
    await called((c) => c.text(c.req.method))
    expect([globalThis.Request, globalThis.Response, globalThis.fetch]).toEqual([
      OwnRequest,
      OwnResponse,
      ownFetch,
    ])
  })
})

describe('an answer', () => {
  it('counts by its status and its text, of whatever kind it is', async () => {
    const later = { kind: 'retry', delayMs: 7_000, error: 'the handler answered 503: {"ok":false}' }
    const inHeader = await called((c) => {
      c.header('retry-after', '7')
      return c.json({ ok: false }, 503)
    })
    expect(inHeader).toMatchObject(later)
    expect(await called((c) => c.json({ ok: false }, 503, { 'retry-after': '7' }))).toMatchObject(later)
    expect(
      await called((c) => {
        c.status(422)
        return c.text('no')
      }),
    ).toMatchObject({ kind: 'permanent', error: 'the handler answered 422: no' })
    expect(await called(() => new Response(new Uint8Array([104, 105])))).toMatchObject({ result: 'hi' })
    expect(await called((c) => c.html('<p>'))).toMatchObject({ result: '<p>' })
    expect(await called((c) => c.body(null, 204))).toEqual({ kind: 'succeeded', result: '' })
    expect(await called((c) => c.notFound() as Response)).toMatchObject({
      kind: 'retry',
      error: /answered 404/,
    })
  })

  it('that is missing is a 500', async () => {
    for (const nothing of [() => undefined, () => Promise.resolve(undefined as unknown as Response)]) {
      expect(await called(nothing)).toMatchObject({
        kind: 'retry',
        error: 'the handler answered 500: {"error":"function cut returned no Response"}',
      })
    }
  })
})

describe('an error a handler throws', () => {
  const thrown = (error: Error) =>
    Promise.all([
      called(() => {
        throw error
      }),
      called(() => Promise.reject(error)),
    ])

  it('counts by its status when it is an HTTPException, like an answer with that status', async () => {
    const res = () => new Response('later', { status: 429, headers: { 'retry-after': '7' } })
    const permanent = { kind: 'permanent', error: 'the handler answered 422: no such preset' }
    expect(await thrown(new HTTPException(422, { message: 'no such preset' }))).toMatchObject([
      permanent,
      permanent,
    ])
    expect(await called(() => Promise.reject(new HTTPException(429, { res: res() })))).toMatchObject({
      kind: 'retry',
      delayMs: 7_000,
    })
  })

  it('is passed on unchanged when it is anything else', async () => {
    const never = { kind: 'permanent', error: 'never' }
    expect(await thrown(new PermanentError('never'))).toMatchObject([never, never])
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
  function aborted(handler: () => Promise<Response>) {
    const leftBehind: Promise<unknown>[] = []
    const { inFlight, attempt } = attemptAt(handler)
    const outcome = invoke({
      attempt,
      variables: { event, log: { warn: () => undefined } } as unknown as FunctionVariables<unknown>,
      onLeftBehind: (ended) => leftBehind.push(ended),
    })
    inFlight.abort(attempt, 'timeout', 'the attempt took too long')
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
