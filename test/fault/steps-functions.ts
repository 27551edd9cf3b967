/**
 * A function with files and a pointer, in worker processes that spring traps: at a named step of an attempt for a named key
 * they send a signal, to themselves or to a server. Each trap is a file and springs once. Loaded through SLUICE_FUNCTIONS_FILE.
 * @module
 */
import { subscribe } from 'node:diagnostics_channel'
import { appendFileSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import { defineFunction } from '../../runtime/index.ts'
import { STEP_CHANNEL, type StepReached } from '../../runtime/telemetry/steps.ts'
import { sleep } from '../../runtime/time.ts'
import { waitUntilSuspended } from '../helpers/suspend.ts'
import type { Trap } from './traps.ts'

/** Where the traps are. */
const dir = process.env['STEPS_DIR'] ?? ''
if (!dir) throw new Error('STEPS_DIR is not set')

/** How often this process has reached the step of a trap. */
const times = new Map<string, number>()

subscribe(STEP_CHANNEL, (message) => {
  const { step, about } = message as StepReached
  appendFileSync(join(dir, 'steps.log'), `${process.pid} ${step} ${about}\n`)
  for (const name of readdirSync(dir).filter((file) => file.endsWith('.trap'))) spring(name, step, about)
})

function spring(name: string, step: string, about: string): void {
  const path = join(dir, name)
  try {
    const trap = JSON.parse(readFileSync(path, 'utf8')) as Trap
    if (trap.step !== step || !about.startsWith(trap.key)) return
    const time = (times.get(name) ?? 0) + 1
    times.set(name, time)
    if (time < trap.time) return
    // Of several processes one takes it.
    renameSync(path, join(dir, `${name}.sprung-by-${process.pid}`))
    // Of a server the whole group.
    process.kill(trap.serverPid === undefined ? process.pid : -trap.serverPid, trap.signal)
    if (trap.serverPid !== undefined && trap.signal === 'SIGSTOP') waitUntilSuspended(trap.serverPid)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** Three files, and a stable name for the first. */
const parts = defineFunction(
  {
    name: 'parts',
    version: '1',
    on: { bucket: 'incoming', match: ['steps/**'] },
    options: z.object({ mark: z.string().default(''), pausems: z.coerce.number().default(0) }),
    retry: { attempts: 3, first: '50ms', max: '200ms' },
    concurrency: 4,
  },
  async (c) => {
    const { source, output, options, signal } = c.var
    const body = await text(await source.stream())
    for (let part = 0; part < 3; part++) {
      await output.json(
        { body, part, mark: options.mark },
        { name: `part-${part}.json`, role: 'part', ...(part === 0 && { pointer: 'first.json' }) },
      )
      await sleep(options.pausems, signal)
      signal.throwIfAborted()
    }
    return c.json({})
  },
)

export const functions = [parts]
