/** A function that runs on the results of another one. @module */
import { text } from 'node:stream/consumers'
import { defineFunction } from '../../runtime/index.ts'
import { echo } from './functions.ts'

/** Runs on the result of another function, and reads the files which that has written. */
const joined = defineFunction(
  {
    name: 'joined',
    version: '1',
    on: { bucket: 'processed', match: ['echo/chained*/echo/manifest.json'] },
    retry: { attempts: 1 },
  },
  async (c) => {
    const { source, output } = c.var
    const texts: string[] = []
    for (const file of (await source.manifest()).files) {
      texts.push(await text(await (await source.open(file)).stream()))
    }
    await output.json(texts, { name: 'joined.json', role: 'joined', pointer: 'joined.json' })
    return c.json({ files: texts.length })
  },
)

export const functions = [echo, joined]
