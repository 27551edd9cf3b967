/** Traps at steps of attempts, which `steps-functions.ts` springs in worker processes. @module */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Step } from '../../runtime/telemetry/steps.ts'
import { waitFor } from '../helpers/wait.ts'

/** What a worker process does at a step of an attempt. */
export interface Trap {
  readonly step: Step
  /** Of the source: what the step is about begins with it. */
  readonly key: string
  /** The how manieth time that a process reaches the step. */
  readonly time: number
  readonly signal: 'SIGKILL' | 'SIGSTOP' | 'SIGTERM'
  /** The leader of a server's group; absent for the worker itself. */
  readonly serverPid?: number
}

export function createTraps() {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-steps-'))
  let traps = 0
  /** The pid of the worker process that springs it. */
  function set(trap: Trap): () => Promise<number> {
    const name = `${traps++}.trap`
    writeFileSync(join(dir, name), JSON.stringify(trap))
    return () =>
      waitFor(
        () => {
          const sprung = readdirSync(dir).find((file) => file.startsWith(`${name}.sprung-by-`))
          return Promise.resolve(sprung === undefined ? sprung : Number(sprung.split('-').at(-1)))
        },
        { timeoutMs: 40_000, what: `the trap ${JSON.stringify(trap)}`, intervalMs: 10 },
      )
  }

  /** Waits until a process has said that it reached a step. */
  const told = (pid: number, step: Step, key: string) =>
    waitFor(
      () => {
        const lines = readFileSync(join(dir, 'steps.log'), 'utf8').split('\n')
        return Promise.resolve(lines.some((line) => line.startsWith(`${pid} ${step} ${key}`)))
      },
      { timeoutMs: 30_000, what: `process ${pid} to reach ${step} of ${key}` },
    )

  return { dir, set, told, remove: () => rmSync(dir, { recursive: true }) }
}
