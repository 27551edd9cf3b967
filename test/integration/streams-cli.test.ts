/** The commands about streams against a whole stack: a key is made, a film is pushed, and what became of it is shown. */
import { expect, it } from 'vitest'
import { arrivedPieces } from '../helpers/streams/arrived.ts'
import { useParts, useStreams } from '../helpers/streams/use-streams.ts'
import { sluice } from '../unit/cli/commands/fake-api.ts'

const used = useStreams({ film: { seconds: 20 } })
/** Of 10 s. */
const part = useParts(used, 10)

const ask = (...words: string[]) =>
  sluice(['streams', ...words], { env: { SLUICE_API_URL: used.stack.apiUrl } })
/** With the secret of a key, straight to the receiver. */
const push = (secret: string, name: string, file: string) =>
  sluice(
    ['streams', 'push', name, file, '--to', `http://127.0.0.1:${used.stack.env['SLUICE_STREAMS_PORT']}`],
    {
      env: { SLUICE_TOKEN: secret },
    },
  )

it('a stream is pushed with a key, shown while it is remembered, and refused when the key is revoked', async () => {
  const made = await ask('key', 'create', 'told', '--json')
  const { id, secret } = JSON.parse(made.out) as { id: string; secret: string }
  const pushed = await push(secret, 'told', part(0).path)
  expect(pushed).toMatchObject({ code: 0, err: '' })
  const [, session = '', count] =
    /^told: session (\S+): (\d+) pieces, .* of media, .*; nothing was dropped$/m.exec(pushed.out) ?? []
  const pieces = await arrivedPieces(used.stack.storage, 'told')
  expect(pieces).toHaveLength(Number(count))

  expect((await ask()).out).toMatch(/^told\tended\t/m)
  const { out } = await ask('show', 'told')
  expect(out).toMatch(/^state\tended: sender-finished$/m)
  expect(out).toContain(`session\t${session}\n`)
  expect(out).toMatch(/^missing\tnothing$/m)
  const why = await sluice(['why', `incoming/streams/told/${session}/001-000000.ts`], {
    env: { SLUICE_API_URL: used.stack.apiUrl },
  })
  expect(why.out.replaceAll('\n', ' ')).toContain(`piece 0 of take 1 of stream told, session ${session}`)

  expect((await ask('key', 'revoke', 'told', id)).out).toBe(`key ${id} is revoked\n`)
  expect(await push(secret, 'told', part(0).path)).toMatchObject({
    code: 1,
    err: expect.stringContaining('revoked'),
  })
  // The API itself receives nothing, and says who does.
  const astray = await sluice(['streams', 'push', 'told', part(0).path], {
    env: { SLUICE_API_URL: used.stack.apiUrl },
  })
  expect(astray).toMatchObject({ code: 1, err: expect.stringContaining('role streams') })
})
