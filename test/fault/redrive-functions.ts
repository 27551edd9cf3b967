/** Functions that fail until they are mended; each call is told in the file that `CALLS_FILE` names. @module */
import { appendFileSync, existsSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import type { Context } from 'hono'
import { defineFunction, PermanentError } from '../../runtime/index.ts'

const callsFile = process.env['CALLS_FILE'] ?? ''

const isMended = () => existsSync(`${callsFile}.mended`)

/** One line a call: what has begun stands there, whatever becomes of it. */
function tell({ var: { event, run } }: Context): void {
  appendFileSync(callsFile, `${event.key} ${run.attempt}\n`)
}

/** Gives up at once. */
const mend = defineFunction(
  { name: 'mend', version: '1', on: { bucket: 'incoming', match: ['mend/**'] }, concurrency: 8 },
  (c) => {
    tell(c)
    if (!isMended()) throw new PermanentError('not yet mended')
    return c.json({})
  },
)

/** Answers as the object's text says: a status, for how many seconds to stay away, and `once` if all goes well then. */
const busy = defineFunction(
  {
    name: 'busy',
    version: '1',
    on: { bucket: 'incoming', match: ['busy/**'] },
    retry: { attempts: 4, first: '100ms', max: '200ms' },
    concurrency: 8,
  },
  async (c) => {
    tell(c)
    const [status = '500', seconds, once] = (await text(await c.var.source.stream())).split(' ')
    if (once && c.var.run.attempt > 1) return c.json({})
    if (seconds !== undefined) c.header('retry-after', seconds)
    return c.body('busy', Number(status) as 503)
  },
)

export const functions = [mend, busy]
