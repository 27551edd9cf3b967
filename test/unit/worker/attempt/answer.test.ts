import { describe, expect, it } from 'vitest'
import { TextAnswer } from '../../../../runtime/worker/attempt/answer.ts'

const answer = () =>
  new TextAnswer('{"ok":true}', new Response(null, { status: 201, headers: { 'x-mine': 'a' } }))

describe('the answer of c.json and c.text', () => {
  it('is a Response, and its text is known without reading it', () => {
    const given = answer()
    expect(given).toBeInstanceOf(Response)
    expect([given.status, given.ok, given.headers.get('x-mine'), given.answered, given.bodyUsed]).toEqual([
      201,
      true,
      'a',
      '{"ok":true}',
      false,
    ])
  })

  it('is read like any other', async () => {
    expect(await answer().json()).toEqual({ ok: true })
    expect(Buffer.from(await answer().arrayBuffer()).toString()).toBe('{"ok":true}')
    expect(await (await answer().blob()).text()).toBe('{"ok":true}')
    const given = answer()
    expect(await given.clone().text()).toBe('{"ok":true}')
    const wrapped = new Response(given.body, given)
    expect([wrapped.status, await wrapped.text(), given.bodyUsed]).toEqual([201, '{"ok":true}', true])
    await expect(given.text()).rejects.toThrow(TypeError)
    expect(await new Response(await answer().text()).text()).toBe('{"ok":true}')
  })
})
