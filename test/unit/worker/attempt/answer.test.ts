import { describe, expect, it } from 'vitest'
import { TextAnswer } from '../../../../runtime/worker/attempt/answer.ts'

const answer = () => new TextAnswer('{"ok":true}', 'application/json')

describe('the answer of c.json and c.text', () => {
  it('is a Response, and its text is known without reading it', () => {
    const given = answer()
    expect(given).toBeInstanceOf(Response)
    expect([
      given.status,
      given.ok,
      given.headers.get('content-type'),
      given.answered,
      given.bodyUsed,
    ]).toEqual([200, true, 'application/json', '{"ok":true}', false])
  })

  it('has every member that a Response of this Node has', () => {
    const read = (response: Response) =>
      Object.keys(Object.getOwnPropertyDescriptors(Response.prototype)).map((name) => {
        const value: unknown = Reflect.get(response, name)
        return [name, typeof value === 'object' ? Object.prototype.toString.call(value) : value]
      })
    const one = new Response('{"ok":true}', { headers: { 'content-type': 'application/json' } })
    const fields = (response: Response) => read(response).filter(([, value]) => typeof value !== 'function')
    expect(fields(answer())).toEqual(fields(one))
    expect(read(answer()).map(([name, value]) => [name, typeof value])).toEqual(
      read(one).map(([name, value]) => [name, typeof value]),
    )
  })

  it('is read like any other', async () => {
    expect(await answer().json()).toEqual({ ok: true })
    expect(Buffer.from(await answer().arrayBuffer()).toString()).toBe('{"ok":true}')
    expect(await (await answer().blob()).text()).toBe('{"ok":true}')
    const given = answer()
    expect(await given.clone().text()).toBe('{"ok":true}')
    const wrapped = new Response(given.body, given)
    expect([wrapped.status, await wrapped.text(), given.bodyUsed]).toEqual([200, '{"ok":true}', true])
    await expect(given.text()).rejects.toThrow(TypeError)
    expect(await new Response(await answer().text()).text()).toBe('{"ok":true}')
  })
})
