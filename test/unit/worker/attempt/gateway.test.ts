import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { describe, expect, it } from 'vitest'
import { PermanentError } from '../../../../runtime/errors.ts'
import {
  defineFunction,
  type FunctionEnv,
  type FunctionVariables,
} from '../../../../runtime/function/definition.ts'
import { createGateway, requestOf, type AttemptBindings } from '../../../../runtime/worker/attempt/gateway.ts'
import type { SourceObject } from '../../../../runtime/function/source.ts'

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

describe('what a handler finds', () => {
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

  it('is there by c.var and by c.get, and its folder only once it asks for it', async () => {
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

  it('may be covered by what it sets itself', () =>
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

describe('what a handler throws', () => {
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

  it('says itself what it means when it is anything else', async () => {
    const error = new PermanentError('never')
    const { response, thrown } = await callWith(error)
    expect([response.status, thrown]).toEqual([500, error])
  })
})
