/** Functions that take every object in their bucket and report what they read. Loaded through SLUICE_FUNCTIONS_FILE. @module */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { z } from 'zod'
import { defineFunction } from '../../runtime/index.ts'
import { sleep } from '../../runtime/time.ts'

/** The report on an object. */
export const toldSchema = z.object({
  key: z.string(),
  bytes: z.number(),
  sha256: z.string(),
  note: z.string(),
})

function telling(name: string, bucket: string) {
  return defineFunction(
    {
      name,
      version: '1',
      on: { bucket },
      options: z.object({ note: z.string().default(''), until: z.string().default('') }),
      retry: { attempts: 3, first: '50ms', max: '200ms' },
      concurrency: 4,
    },
    async (c) => {
      const { source, output, event, options, signal } = c.var
      const hash = createHash('sha256')
      let bytes = 0
      for await (const chunk of (await source.stream()) as AsyncIterable<Buffer>) {
        hash.update(chunk)
        bytes += chunk.length
      }
      // The test creates a file when it may continue.
      while (options.until && !existsSync(options.until)) {
        await sleep(20, signal)
        signal.throwIfAborted()
      }
      const told: z.output<typeof toldSchema> = {
        key: event.key,
        bytes,
        sha256: hash.digest('hex'),
        note: options.note,
      }
      await output.json(told, { name: 'told.json', role: 'told', pointer: 'told.json' })
      return c.json({ bytes })
    },
  )
}

export const functions = [telling('any', 'incoming'), telling('plain', 'plain')]
