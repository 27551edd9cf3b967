/** A function that takes its time over several files, so that whatever dies does so in the middle. Loaded through SLUICE_FUNCTIONS_FILE. @module */
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defineFunction } from '../../runtime/index.ts'
import { sleep } from '../../runtime/time.ts'

const PARTS = 3

export const functions = [
  defineFunction(
    {
      name: 'parts',
      version: '1',
      on: { bucket: 'incoming' },
      retry: { attempts: 3, first: '100ms' },
      concurrency: 4,
    },
    async (c) => {
      const { source, output, scratch, signal } = c.var
      const hash = createHash('sha256')
      for await (const chunk of (await source.stream()) as AsyncIterable<Buffer>) hash.update(chunk)
      const sha256 = hash.digest('hex')
      for (let index = 0; index < PARTS; index++) {
        const path = join(scratch, `${index}.txt`)
        await writeFile(path, `${sha256} ${index}`)
        await output.upload({ path, name: `part-${index}.txt`, role: 'part', contentType: 'text/plain' })
        await sleep(60, signal)
        signal.throwIfAborted()
      }
      await output.json({ sha256 }, { name: 'told.json', role: 'told', pointer: 'told.json' })
      return c.json({ parts: PARTS })
    },
  ),
]
