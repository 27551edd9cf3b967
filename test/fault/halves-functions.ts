/**
 * A function that can be held before it reads, in the middle of its source, and after it has written: while the test has
 * a file `<base name>.<moment>` in the folder TEST_GATES. Loaded through SLUICE_FUNCTIONS_FILE.
 * @module
 */
import { createHash } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { defineFunction } from '../../runtime/index.ts'
import { sleep } from '../../runtime/time.ts'

export const MOMENTS = ['before it is read', 'halfway', 'before it is committed'] as const
export type Moment = (typeof MOMENTS)[number]

async function pass(key: string, moment: Moment, signal: AbortSignal): Promise<void> {
  const gate = join(process.env['TEST_GATES'] ?? '', `${basename(key)}.${moment}`)
  if (!existsSync(gate)) return
  writeFileSync(`${gate}.here`, '')
  while (existsSync(gate)) {
    await sleep(10, signal)
    signal.throwIfAborted()
  }
}

function halves(name: string, bucket: string) {
  return defineFunction(
    {
      name,
      version: '1',
      on: { bucket },
      retry: { attempts: 5, first: '20ms', max: '100ms' },
      concurrency: 8,
    },
    async (c) => {
      const { source, output, event, signal } = c.var
      await pass(event.key, 'before it is read', signal)
      const hash = createHash('sha256')
      let bytes = 0
      let isHalfway = false
      for await (const chunk of (await source.stream()) as AsyncIterable<Buffer>) {
        hash.update(chunk)
        bytes += chunk.length
        if (isHalfway || bytes < event.sizeBytes / 2) continue
        isHalfway = true
        await pass(event.key, 'halfway', signal)
      }
      await output.json(
        { bytes, sha256: hash.digest('hex') },
        { name: 'told.json', role: 'told', pointer: 'told.json' },
      )
      await pass(event.key, 'before it is committed', signal)
      return c.json({ bytes })
    },
  )
}

export const functions = [halves('halves', 'incoming'), halves('plain', 'plain')]
