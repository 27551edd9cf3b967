/** Functions that harm whoever runs them, and one that does its work beside them. Loaded through SLUICE_FUNCTIONS_FILE. @module */
import { text } from 'node:stream/consumers'
import { defineFunction, type FunctionDefinition } from '../../runtime/index.ts'

const retry = { attempts: 2, first: '50ms', max: '100ms' }

type Handler = Parameters<typeof defineFunction>[1]

const poison = (name: string, handler: Handler): FunctionDefinition =>
  defineFunction(
    { name, version: '1', on: { bucket: 'incoming', match: [`${name}/**`] }, retry, timeout: '2s' },
    handler,
  )

const never = () => new Promise<never>(() => undefined)

export const functions = [
  poison('throws', () => {
    throw new Error('it does not work')
  }),
  poison('rejects', async (c) => {
    // Nobody waits for it: no attempt may be taken down by it, and it is no failure of this one.
    void Promise.reject(new Error('nobody looks'))
    await c.var.output.json({ ok: true }, { name: 'ok.json', role: 'ok' })
    return c.json({})
  }),
  poison('recurses', () => {
    const deeper = (): number => deeper() + 1
    return new Response(String(deeper()))
  }),
  poison('exits', () => process.exit(0)),
  poison('aborts', () => process.abort()),
  poison('hangs', never),
  poison('loops', () => {
    for (;;);
  }),
  poison('leaks', async () => {
    const kept: string[][] = []
    for (;;) {
      kept.push(Array.from({ length: 100_000 }, (_, index) => `${kept.length}-${index}`))
      // It lets the event loop turn: nobody would call it silent.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }),
  poison('throws-later', async (c) => {
    setTimeout(() => {
      throw new Error('outside of any handler')
    }, 50)
    await never()
    return c.json({})
  }),
  defineFunction(
    { name: 'echo', version: '1', on: { bucket: 'incoming', match: ['echo/**'] }, retry, concurrency: 4 },
    async (c) => {
      const body = await text(await c.var.source.stream())
      await c.var.output.json({ body }, { name: 'echo.json', role: 'echo' })
      return c.json({ length: body.length })
    },
  ),
]
