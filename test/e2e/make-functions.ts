/** A function that always runs and two that run only when asked. Loaded through SLUICE_FUNCTIONS_FILE. @module */
import { z } from 'zod'
import { defineFunction } from '../../runtime/index.ts'

const on = { bucket: 'incoming' }
const options = z.object({ count: z.coerce.number().int().min(1).max(9).default(1) })

const always = defineFunction({ name: 'always', version: '1', on }, async (c) => {
  await c.var.output.json(1, { name: 'one.json', role: 'one' })
  return c.json({})
})

/** Its pointer names the files by the folder of the attempt, as playlists do. */
const list = defineFunction(
  { name: 'list', version: '1', on, options, trigger: 'asked', presets: { three: { count: 3 } } },
  async (c) => {
    const { output } = c.var
    const names = Array.from({ length: c.var.options.count }, (_, index) => `${index}.json`)
    for (const name of names) await output.json(name, { name, role: 'part', group: 'all' })
    const addresses = names.map((name) => `${output.folder}${name}`)
    await output.json(addresses, { name: 'pointer/list.json', role: 'list', pointer: 'list.json' })
    return c.json({})
  },
)

const ruled = defineFunction({ name: 'ruled', version: '1', on, trigger: 'asked' }, async (c) => {
  await c.var.output.json(1, { name: 'one.json', role: 'one' })
  return c.json({})
})

export const functions = [always, list, ruled]
