/** Functions that block their worker, wait for the test, or come back later. Loaded through SLUICE_FUNCTIONS_FILE. @module */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { defineFunction, RetryLaterError } from '../../runtime/index.ts'
import { sleep } from '../../runtime/time.ts'

/** The test says by this file that what waits may go on. */
export const GO_ON = 'go-on'

export const functions = [
  defineFunction(
    {
      name: 'spin',
      version: '1',
      on: { bucket: 'incoming', match: ['spin/**'] },
      retry: { attempts: 3, first: '50ms', max: '100ms' },
      concurrency: 4,
    },
    (c) => {
      const untilMs = performance.now() + 8_000
      while (performance.now() < untilMs);
      return c.json({})
    },
  ),
  defineFunction(
    { name: 'waits', version: '1', on: { bucket: 'incoming', match: ['waits/**'] }, concurrency: 64 },
    async (c) => {
      while (!existsSync(join(process.env['TEST_GO_ON_DIR'] ?? '', GO_ON))) {
        await sleep(200, c.var.signal)
        c.var.signal.throwIfAborted()
        c.var.progress({ percent: 1 })
      }
      return c.json({})
    },
  ),
  defineFunction(
    { name: 'beside', version: '1', on: { bucket: 'incoming', match: ['beside/**'] } },
    async (c) => {
      await sleep(3_000, c.var.signal)
      c.var.signal.throwIfAborted()
      return c.json({})
    },
  ),
  // It never looks at its signal.
  defineFunction(
    {
      name: 'deaf',
      version: '1',
      on: { bucket: 'incoming', match: ['deaf/**'] },
      retry: { attempts: 1 },
      timeout: '1s',
      concurrency: 12,
    },
    () => new Promise<never>(() => undefined),
  ),
  defineFunction({ name: 'later', version: '1', on: { bucket: 'incoming', match: ['later/**'] } }, (c) => {
    if (c.var.run.attempt === 1) throw new RetryLaterError(15_000)
    return c.json({})
  }),
]
