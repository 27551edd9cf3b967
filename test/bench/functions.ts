/** Functions to be measured; loaded through SLUICE_FUNCTIONS_FILE. @module */
import { createHash } from 'node:crypto'
import { defineFunction } from '../../runtime/index.ts'

/** Says when its handler started, on the clock that all processes of a machine share. */
const started = defineFunction(
  { name: 'started', version: '1', on: { bucket: 'incoming', ignore: ['small/**'] } },
  (c) => c.json({ startedAtNs: String(process.hrtime.bigint()) }),
)

/** Reads its object and writes one file. */
const small = defineFunction(
  { name: 'small', version: '1', on: { bucket: 'incoming', match: ['small/**'] }, concurrency: 16 },
  async (c) => {
    const { event, source, output } = c.var
    const hash = createHash('sha256')
    for await (const bytes of await source.stream()) hash.update(bytes as Buffer)
    await output.json({ key: event.key, sha256: hash.digest('hex') }, { name: 'result.json', role: 'result' })
    return c.json({ ok: true })
  },
)

export const functions = [started, small]
