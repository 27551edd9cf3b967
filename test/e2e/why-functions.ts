/** Functions that leave objects alone for one reason each. Loaded through SLUICE_FUNCTIONS_FILE. @module */
import { z } from 'zod'
import { defineFunction } from '../../runtime/index.ts'
import { functions as small } from './functions.ts'

const done = () => new Response('{}')
const on = (folder: string) => ({ bucket: 'incoming', match: [`${folder}/**`] })

const picky = defineFunction(
  {
    name: 'picky',
    version: '1',
    on: { ...on('picky'), ignore: ['**/draft-*'], size: { min: '3B', max: '10B' } },
    options: z.object({ count: z.coerce.number().int().min(1).default(1) }),
  },
  done,
)
const copied = defineFunction(
  { name: 'copied', version: '1', on: { ...on('copied'), events: ['Copy'] } },
  done,
)
const held = defineFunction({ name: 'held', version: '1', on: on('held') }, done)
/** No worker serves it: the runtime of the test is told so. */
const unserved = defineFunction({ name: 'unserved', version: '1', on: on('unserved') }, done)
const narrow = defineFunction(
  { name: 'narrow', version: '1', on: on('narrow'), concurrency: 1 },
  async (c) => {
    // Until it is cancelled.
    await new Promise((_resolve, reject) => c.var.signal.addEventListener('abort', reject, { once: true }))
    return c.json({})
  },
)
const patient = defineFunction(
  { name: 'patient', version: '1', on: on('patient'), retry: { attempts: 3, first: '10m', max: '1h' } },
  () => {
    throw new Error('the weather is bad')
  },
)
const chained = defineFunction(
  {
    name: 'chained',
    version: '1',
    on: { bucket: 'processed', match: ['chain/**'] },
    output: { bucket: 'metadata' },
  },
  done,
)

export const functions = [...small, picky, copied, held, unserved, narrow, patient, chained]
