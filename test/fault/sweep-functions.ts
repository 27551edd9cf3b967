/** Small functions for what the sweep heals; an upload chooses by its folder, or by its bucket. @module */
import { text } from 'node:stream/consumers'
import { defineFunction, RetryLaterError } from '../../runtime/index.ts'
import { sleep } from '../../runtime/time.ts'

const retry = { attempts: 3, first: '50ms', max: '200ms' }
type Rest = Partial<Parameters<typeof defineFunction>[0]>

const writes = (name: string, bucket: string, rest: Rest = {}, pauseMs = 0) =>
  defineFunction(
    {
      name,
      version: '1',
      on: { bucket, match: bucket === 'incoming' ? [`${name}/**`] : [] },
      retry,
      concurrency: 8,
      ...rest,
    },
    async (c) => {
      const { source, output, signal } = c.var
      const body = await text(await source.stream())
      await sleep(pauseMs, signal)
      signal.throwIfAborted()
      await output.json({ body }, { name: 'body.json', role: 'body', pointer: 'body.json' })
      return c.json({})
    },
  )

/** Is tried again in an hour when the source says so. */
const later = defineFunction(
  { name: 'later', version: '1', on: { bucket: 'incoming', match: ['later/**'] }, retry },
  (c) => {
    if (c.var.run.attempt === 1) throw new RetryLaterError(3_600_000)
    return c.json({})
  },
)

export const functions = [
  writes('echo', 'incoming'),
  writes('slow', 'incoming', { concurrency: 2 }, 400),
  writes('mirror', 'incoming', { onDelete: 'remove' }),
  writes('added', 'incoming'),
  writes('flat', 'flat'),
  later,
]
