/** What becomes of every upload in the storm: a result of one function, and of another a result or a dead letter. @module */
import { createHash } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { defineFunction, PermanentError } from '../../runtime/index.ts'

const on = { bucket: 'incoming', match: ['storm/**'] }
const retry = { attempts: 5, first: '50ms', max: '500ms' }

/** Three files for each upload, so that half a result could be seen. */
const copies = defineFunction({ name: 'copies', version: '1', on, retry, concurrency: 4 }, async (c) => {
  const { source, output } = c.var
  const body = await text(await source.stream())
  for (const name of ['a.json', 'b.json', 'c.json'])
    await output.json({ body }, { name, role: 'copy', ...(name === 'a.json' && { pointer: 'copy.json' }) })
  return c.json({ bytes: body.length })
})

/** Refuses what begins with `bad`. */
const digest = defineFunction({ name: 'digest', version: '1', on, retry, concurrency: 4 }, async (c) => {
  const { source, output } = c.var
  const body = await text(await source.stream())
  if (body.startsWith('bad')) throw new PermanentError('it begins with "bad"')
  await output.json(
    { sha256: createHash('sha256').update(body).digest('hex') },
    { name: 'digest.json', role: 'digest' },
  )
  return c.json({ bytes: body.length })
})

export const functions = [copies, digest]
