/** Functions that clean up after uploads. Loaded through SLUICE_FUNCTIONS_FILE. @module */
import { text } from 'node:stream/consumers'
import { defineFunction, PermanentError } from '../../runtime/index.ts'

const retry = { attempts: 1 }

/** Its results go with their source. */
const mirror = defineFunction(
  {
    name: 'mirror',
    version: '1',
    on: { bucket: 'incoming', match: ['mirror/**'] },
    onDelete: 'remove',
    retry,
  },
  async (c) => {
    const body = await text(await c.var.source.stream())
    await c.var.output.json({ body }, { name: 'body.json', role: 'body', pointer: 'body.json' })
    return c.json({})
  },
)

const keeping = defineFunction(
  { name: 'keeping', version: '1', on: { bucket: 'incoming', match: ['mirror/**'] }, retry },
  async (c) => {
    await c.var.output.json({}, { name: 'kept.json', role: 'kept' })
    return c.json({})
  },
)

/** Its sources go when they are done with. */
const consume = defineFunction(
  {
    name: 'consume',
    version: '1',
    on: { bucket: 'incoming', match: ['consume/**'] },
    afterSuccess: 'remove',
    retry,
  },
  (c) => c.json({}),
)

/** Its results would go with their source, but that is what `consume` removes. */
const keeper = defineFunction(
  {
    name: 'keeper',
    version: '1',
    on: { bucket: 'incoming', match: ['consume/**'] },
    onDelete: 'remove',
    retry,
  },
  (c) => c.json({}),
)

/** Reads the same objects; an upload says whether it succeeds. */
const witness = defineFunction(
  { name: 'witness', version: '1', on: { bucket: 'incoming', match: ['consume/*/**'] }, retry },
  async (c) => {
    if ((await text(await c.var.source.stream())) === 'bad') throw new PermanentError('not this one')
    return c.json({})
  },
)

export const functions = [mirror, keeping, consume, keeper, witness]
