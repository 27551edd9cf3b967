/**
 * Keeps the processes of a runtime: one that serves (API and intake) and the workers. One that ends is started again with
 * backoff, one whose event loop is silent is killed first. So a handler that loops or exits takes its own worker and nothing else.
 * @module
 */
import type { ChildProcess } from 'node:child_process'
import { rm } from 'node:fs/promises'
import type { Environment } from '../config.ts'
import { ConfigError, messageOf } from '../errors.ts'
import { SECOND_MS, sleep } from '../time.ts'
import type { Logger } from '../logger.ts'
import { scratchOf } from '../worker/attempt/scratch.ts'
import { nextBackoffMs } from './backoff.ts'
import { forkChild } from './fork-child.ts'
import type { ChildKind, ToChild, ToSupervisor } from './messages.ts'
import { createSnapshots } from './snapshots.ts'

/** A worker whose event loop has not turned for this long is stuck. */
const SILENT_MS = 20 * SECOND_MS
/** A child's exit code for settings that are wrong. */
const WRONG_SETTINGS = 2

export interface SupervisorParts {
  /** The module whose first argument is the child's kind. */
  readonly entryPath: string
  readonly children: readonly ChildKind[]
  /** Of the children. */
  readonly env: Environment
  /** Where they keep files. */
  readonly scratchDir: string
  /** How long children may take to drain; then they are killed. */
  readonly graceMs: number
  readonly log: Logger
}

export interface Supervisor {
  /**
   * Resolves when {@link Supervisor.stop} has ended every child.
   *
   * @throws {ConfigError} when a child found its settings wrong, which no restart heals; the others have ended then
   */
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

/** How a process lived: for how long it served, undefined for never; and how it ended, in words for the log. */
interface Life {
  readonly servedMs: number | undefined
  readonly end: Readonly<Record<string, unknown>>
}

export function createSupervisor(parts: SupervisorParts): Supervisor {
  const { entryPath, children, env, scratchDir, graceMs, log } = parts
  const stopping = new AbortController()
  const ended = new AbortController()
  const snapshots = createSnapshots()
  const slots: Slot[] = children.map((kind) => ({ kind, child: undefined, heardAtMs: 0 }))
  let failure: ConfigError | undefined

  async function live(slot: Slot): Promise<Life> {
    const { kind } = slot
    const source = snapshots.open()
    let readyAtMs: number | undefined
    const onMessage = (message: ToSupervisor) => {
      slot.heardAtMs = performance.now()
      if (message.type === 'ready') readyAtMs = performance.now()
      if (message.type === 'alive' && kind === 'work') source.keep(message.metrics)
      if (message.type === 'collect' && forked.child)
        answer(forked.child, { type: 'collected', id: message.id, snapshots: snapshots.all() })
    }
    const onError = (error: Error) => log.warn({ kind, error: error.message }, 'a process was not reached')
    const forked = forkChild({ entryPath, kind, env, onMessage, onError })
    const pid = forked.child?.pid
    slot.child = forked.child
    slot.heardAtMs = performance.now()
    const { code, signal, error } = await forked.ended
    const servedMs = readyAtMs === undefined ? undefined : performance.now() - readyAtMs
    slot.child = undefined
    // Once it serves, the code is a function's choice: `process.exit(2)` in a handler says nothing of settings.
    if (code === WRONG_SETTINGS && servedMs === undefined) giveUp(kind)
    await source
      .retire()
      .catch((error: unknown) => log.warn({ error: messageOf(error) }, "a process's counts are lost"))
    if (pid !== undefined) await cleanUp(pid)
    return { servedMs, end: error === undefined ? { pid, code, signal } : { error } }
  }

  function giveUp(kind: ChildKind): void {
    failure ??= new ConfigError([`a process of kind "${kind}" cannot start, now or later; it has said why`])
    stop()
  }

  /** What a dead worker left on disk. */
  async function cleanUp(pid: number): Promise<void> {
    await rm(scratchOf(scratchDir, pid), { recursive: true, force: true }).catch((error: Error) =>
      log.warn({ pid, error: error.message }, "a dead worker's scratch folder could not be removed"),
    )
  }

  async function keep(slot: Slot): Promise<void> {
    let backoffMs: number | undefined
    while (!stopping.signal.aborted) {
      const { servedMs, end } = await live(slot)
      if (stopping.signal.aborted) return
      backoffMs = nextBackoffMs({ backoffMs, servedMs })
      log.error({ kind: slot.kind, ...end, backoffMs }, 'a process ended and is started again')
      await sleep(backoffMs, stopping.signal)
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

  function stop(): void {
    if (stopping.signal.aborted) return
    stopping.abort()
    signalAll('SIGTERM')
    void sleep(graceMs, ended.signal).then(() => signalAll('SIGKILL'))
  }

  return {
    async run() {
      const watch = setInterval(killSilent, SECOND_MS)
      await Promise.all(slots.map(keep))
      clearInterval(watch)
      ended.abort()
      if (failure) throw failure
    },
    stop,
    kill() {
      stopping.abort()
      signalAll('SIGKILL')
    },
  }
}

function answer(child: ChildProcess, message: ToChild): void {
  if (child.connected) child.send(message, () => undefined)
}
