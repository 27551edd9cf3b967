/** Another runtime on a test's servers: behind proxies, with another clock, on another disk. @module */
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createRuntime } from '../../infra/local/servers/runtime.ts'
import type { Server } from '../../infra/local/servers/server.ts'
import { loadConfig } from '../../runtime/settings/config.ts'
import type { TestStack } from './stack.ts'
import { unwatch, watch } from './watched.ts'

export interface OtherRuntime extends Server {
  /** Of its workers. */
  workerPids(): number[]
  /** Of its workers, and of the process that serves. */
  childPids(): number[]
}

/**
 * Not started yet. It has the stack's API port unless `env` names another: stop the stack's own runtime first.
 * Stop it before the stack.
 */
export function otherRuntime(
  stack: Pick<TestStack, 'env' | 'dir'>,
  env: Readonly<Record<string, string>>,
): OtherRuntime {
  const whole = { ...stack.env, ...env }
  const settings = Object.fromEntries(
    Object.entries(whole).filter(([name]) => /^(?:SLUICE_|MINIO_|REDIS_URL$)/.test(name)),
  )
  const server = createRuntime({
    env: whole,
    config: loadConfig(settings),
    logPath: join(stack.dir, 'log', 'other-runtime.log'),
  })
  return {
    name: server.name,
    logPath: server.logPath,
    get pid() {
      return server.pid
    },
    tail: () => server.tail(),
    lastLine: () => server.lastLine(),
    start() {
      watch(server)
      return server.start()
    },
    kill: (signal) => server.kill(signal),
    async stop() {
      await server.stop()
      unwatch(server)
    },
    workerPids: () => childPids(server.pid, ['work']),
    childPids: () => childPids(server.pid, ['work', 'serve']),
  }
}

function childPids(parent: number | undefined, kinds: readonly string[]): number[] {
  const lines = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n')
  return lines.flatMap((line) => {
    const [pid, ppid, ...words] = line.trim().split(/\s+/)
    const isOne = Number(ppid) === parent && kinds.some((kind) => words.join(' ').endsWith(` child ${kind}`))
    return isOne ? [Number(pid)] : []
  })
}

/** How many file descriptors a process has open. Linux only. */
export function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}
