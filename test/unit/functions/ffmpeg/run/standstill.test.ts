import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, describe, expect, it } from 'vitest'
import {
  lookAt,
  parseThreads,
  sleepsOverMemory,
  type StandstillOptions,
} from '../../../../../functions/ffmpeg/run/standstill.ts'
import { waitFor } from '../../../../helpers/wait.ts'

const children: ChildProcess[] = []
afterAll(async () => {
  for (const child of children)
    if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit')
})

async function start(script: string): Promise<number> {
  const child = spawn('sh', ['-c', script], { stdio: 'ignore' })
  children.push(child)
  await once(child, 'spawn')
  return child.pid as number
}

const watch = (pid: number, more: Partial<StandstillOptions> = {}) =>
  sleepsOverMemory(pid, {
    limitBytes: 2 ** 40,
    hasComplained: () => false,
    quietMs: 500,
    signal: new AbortController().signal,
    ...more,
  })

// They mostly wait.
describe.skipIf(process.platform !== 'linux')(
  'sleepsOverMemory',
  { timeout: 60_000, concurrent: true },
  () => {
    it.each([
      { name: 'has complained', more: { hasComplained: () => true } },
      { name: 'is at its limit', more: { limitBytes: 1 } },
    ])('is true of a process that $name and sleeps', async ({ more }) => {
      expect(await watch(await start('exec sleep 1000'), more)).toBe(true)
    })

    it('is true of one that only looks about now and then', async () => {
      const pid = await start('while :; do sleep 0.2; done')
      expect(await watch(pid, { hasComplained: () => true })).toBe(true)
    })

    it('is false when the process ends, whether it worked or was stopped', async () => {
      const pid = await start('while :; do :; done')
      const watching = watch(pid, { hasComplained: () => true })
      await waitFor(async () => (await lookAt(pid)).ticks > 10, {
        timeoutMs: 30_000,
        what: 'the loop to work',
      })
      expect((await lookAt(pid)).isAsleep).toBe(false)
      process.kill(pid, 'SIGSTOP')
      await waitFor(async () => (await lookAt(pid)).isHeldUp, { timeoutMs: 30_000, what: 'the loop to stop' })
      process.kill(pid, 'SIGKILL')
      expect(await watching).toBe(false)
    })

    it('is false when the watch ends', async () => {
      const ended = new AbortController()
      const watching = watch(await start('exec sleep 1000'), { quietMs: 1e6, signal: ended.signal })
      ended.abort()
      expect(await watching).toBe(false)
    })
  },
)

describe('parseThreads', () => {
  const thread = (state: string, ticks: number) =>
    `4711 (av:) h T 1) ${state} 2 3 4 5 6 7 8 9 10 11 ${ticks} 30 0`
  it.each([
    { states: ['S', 'S'], isAsleep: true, isHeldUp: false },
    { states: ['S', 'R'], isAsleep: false, isHeldUp: false },
    { states: ['S', 'D'], isAsleep: false, isHeldUp: true },
    { states: ['T'], isAsleep: false, isHeldUp: true },
  ])('knows $states, whatever the name of a thread', ({ states, ...look }) => {
    const ticks = states.length * 150
    expect(parseThreads(states.map((state) => thread(state, 120)))).toEqual({ ...look, ticks })
  })
})
