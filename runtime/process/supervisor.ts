/**
 * Keeps the processes of a runtime: one that serves (API and intake) and the workers. One that ends is started again with
 * backoff, one whose event loop is silent is killed first. So a handler that loops or exits takes its own worker and nothing else.
 * @module
 */
import { fork, type ChildProcess } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { SECOND_MS, sleep } from '../time.ts'
import type { Logger } from '../logger.ts'
import { scratchOf } from '../worker/scratch.ts'
import type { ChildKind, MetricsSnapshot, ToChild, ToSupervisor } from './messages.ts'
import { createSnapshots } from './snapshots.ts'

/** A worker whose event loop has not turned for this long is stuck. */
const SILENT_MS = 20 * SECOND_MS
const FIRST_BACKOFF_MS = 500
const LAST_BACKOFF_MS = 30 * SECOND_MS
/** Who lived this long has recovered: the next restart is quick again. */
const HEALTHY_MS = 60 * SECOND_MS

export interface SupervisorParts {
  /** The module whose first argument is the child's kind. */
  readonly entryPath: string
  readonly children: readonly ChildKind[]
  readonly scratchDir: string
  /** How long children may take to drain; then they are killed. */
  readonly graceMs: number
  readonly log: Logger
}

export interface Supervisor {
  /** Resolves when {@link Supervisor.stop} has ended every child. */
  run(): Promise<void>
  stop(): void
  /** Ends every child at once. */
  kill(): void
}

interface Slot {
  readonly kind: ChildKind
  child: ChildProcess | undefined
  heardAtMs: number
}

export function createSupervisor({
  entryPath,
  children,
  scratchDir,
  graceMs,
  log,
}: SupervisorParts): Supervisor {
  const stopping = new AbortController()
  const ended = new AbortController()
  const snapshots = createSnapshots()
  const slots: Slot[] = children.map((kind) => ({ kind, child: undefined, heardAtMs: 0 }))

  function start(slot: Slot): Promise<void> {
    const child = fork(entryPath, ['child', slot.kind], {
      execArgv: process.execArgv,
      serialization: 'advanced',
    })
    slot.child = child
    slot.heardAtMs = performance.now()
    child.on('message', (message: ToSupervisor) => {
      slot.heardAtMs = performance.now()
      if (message.type === 'alive' && slot.kind === 'work')
        snapshots.keep(child.pid as number, message.metrics)
      if (message.type === 'collect')
        answer(child, { type: 'collected', id: message.id, snapshots: snapshots.all() })
    })
    return new Promise((resolve) => {
      child.once('error', (error) =>
        log.error({ kind: slot.kind, error: error.message }, 'a process could not be started'),
      )
      child.once('exit', (code, signal) => {
        slot.child = undefined
        if (!stopping.signal.aborted) {
          log.error({ kind: slot.kind, pid: child.pid, code, signal }, 'a process ended and is started again')
        }
        void Promise.all([snapshots.retire(child.pid as number), cleanUp(child.pid)]).then(() => resolve())
      })
    })
  }

  /** What a dead worker left on disk. */
  async function cleanUp(pid: number | undefined): Promise<void> {
    if (pid === undefined) return
    await rm(scratchOf(scratchDir, pid), { recursive: true, force: true }).catch((error: Error) =>
      log.warn({ pid, error: error.message }, "a dead worker's scratch folder could not be removed"),
    )
  }

  async function keep(slot: Slot): Promise<void> {
    let backoffMs = FIRST_BACKOFF_MS
    while (!stopping.signal.aborted) {
      const startedAtMs = performance.now()
      await start(slot)
      if (performance.now() - startedAtMs > HEALTHY_MS) backoffMs = FIRST_BACKOFF_MS
      await sleep(backoffMs, stopping.signal)
      backoffMs = Math.min(backoffMs * 2, LAST_BACKOFF_MS)
    }
  }

  function killSilent(): void {
    for (const slot of slots) {
      if (!slot.child || performance.now() - slot.heardAtMs < SILENT_MS) continue
      log.error(
        { kind: slot.kind, pid: slot.child.pid },
        `an event loop was silent for ${SILENT_MS / SECOND_MS} s: killed`,
      )
      slot.child.kill('SIGKILL')
    }
  }

  function signalAll(signal: NodeJS.Signals): void {
    for (const { child } of slots) child?.kill(signal)
  }

  return {
    async run() {
      const watch = setInterval(killSilent, SECOND_MS)
      await Promise.all(slots.map(keep))
      clearInterval(watch)
      ended.abort()
    },
    stop() {
      if (stopping.signal.aborted) return
      stopping.abort()
      signalAll('SIGTERM')
      void sleep(graceMs, ended.signal).then(() => signalAll('SIGKILL'))
    },
    kill() {
      stopping.abort()
      signalAll('SIGKILL')
    },
  }
}

function answer(child: ChildProcess, message: ToChild): void {
  if (child.connected) child.send(message, () => undefined)
}

export type { MetricsSnapshot }
