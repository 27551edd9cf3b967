/**
 * Keeps the processes of a runtime running: one that serves (API and intake), one that receives streams, and the workers. They start one after another. One
 * that ends is restarted with backoff; one that is blocked is killed first (silence.ts decides when). So a handler that loops or
 * exits takes down only its own worker, and a busy machine only makes things slow.
 * @module
 */
import type { ChildProcess } from 'node:child_process'
import { rm } from 'node:fs/promises'
import type { Environment } from '../settings/files.ts'
import { ConfigError, messageOf } from '../errors.ts'
import { SECOND_MS, sleep } from '../time.ts'
import type { Logger } from '../telemetry/logger.ts'
import { scratchOf } from '../worker/attempt/scratch.ts'
import { createFates } from './fates.ts'
import { forkChild, type Ended } from './fork-child.ts'
import type { ChildKind, ToChild, ToSupervisor } from './messages.ts'
import { SILENCE_LIMITS, type SilenceLimits } from './silence.ts'
import { createSnapshots } from './snapshots.ts'
import { createTurns, nextBackoffMs } from './restarts.ts'
import { createHeartbeatWatch, type HeartbeatWatch } from './heartbeat-watch.ts'

/** A child's exit code for settings that are wrong. */
const WRONG_SETTINGS = 2

export interface SupervisorParts {
  /** The module whose first argument is the child's kind. */
  readonly entryPath: string
  readonly children: readonly ChildKind[]
  /** For the children. */
  readonly env: Environment
  /** Where children keep files. */
  readonly scratchDir: string
  /** How long children may take to drain; then they are killed. */
  readonly graceMs: number
  readonly limits?: Partial<SilenceLimits>
  readonly log: Logger
}

export interface Supervisor {
  /**
   * Resolves when {@link Supervisor.stop} has ended every child.
   *
   * @throws {ConfigError} when a child found its settings wrong, which no restart fixes; the others have ended then
   */
  run(): Promise<void>
  stop(): void
  /** Ends every child at once. */
  kill(): void
}

interface Slot {
  readonly kind: ChildKind
  living: Living | undefined
}

/** A process from its start to its end. */
interface Living {
  readonly child: ChildProcess
  readonly watch: HeartbeatWatch
  /** A worker's name in the queue, once it serves. */
  consumer?: string | undefined
  /** The reason when the supervisor killed it. */
  killedFor?: string
}

/** How long a process worked, undefined for never, and how it ended, for the log. */
interface Life {
  readonly servedMs: number | undefined
  readonly end: Readonly<Record<string, unknown>>
}

export function createSupervisor(parts: SupervisorParts): Supervisor {
  const { entryPath, children, env, scratchDir, graceMs, log } = parts
  const limits = { ...SILENCE_LIMITS, ...parts.limits }
  const stopping = new AbortController()
  const ended = new AbortController()
  const snapshots = createSnapshots()
  const slots: Slot[] = children.map((kind) => ({ kind, living: undefined }))
  const turns = createTurns()
  const fates = createFates(() => slots.find(({ kind }) => kind === 'serve')?.living?.child)
  let failure: ConfigError | undefined

  async function live(slot: Slot, onSettled: () => void): Promise<Life> {
    const { kind } = slot
    const source = snapshots.open()
    let readyAtMs: number | undefined
    const onMessage = (message: ToSupervisor) => {
      living?.watch.heard()
      if (message.type === 'ready') {
        readyAtMs = performance.now()
        if (living) living.consumer = message.consumer
        living?.watch.ready()
        if (kind === 'serve') fates.flush()
        onSettled()
      }
      if (message.type === 'alive' && kind !== 'serve') source.keep(message.metrics)
      if (message.type === 'collect' && forked.child)
        answer(forked.child, { type: 'collected', id: message.id, snapshots: snapshots.all() })
    }
    const onError = (error: Error) => log.warn({ kind, error: error.message }, 'could not signal a process')
    const forked = forkChild({ entryPath, kind, env, onMessage, onError })
    const pid = forked.child?.pid
    const living: Living | undefined = forked.child && {
      child: forked.child,
      watch: createHeartbeatWatch({ pid, limits }),
    }
    slot.living = living
    const end = await forked.ended
    onSettled()
    const servedMs = readyAtMs === undefined ? undefined : performance.now() - readyAtMs
    slot.living = undefined
    const { code, signal, error } = end
    // Once it works, the code may be a function's: `process.exit(2)` in a handler means nothing about settings.
    if (code === WRONG_SETTINGS && servedMs === undefined) giveUp(kind)
    if (living?.consumer !== undefined && !stopping.signal.aborted)
      fates.report({ consumer: living.consumer, kind: 'crashed', how: living.killedFor ?? howOf(end) })
    await source
      .retire()
      .catch((error: unknown) => log.warn({ error: messageOf(error) }, "lost a process's metrics"))
    if (pid !== undefined) await cleanUp(pid)
    return { servedMs, end: error === undefined ? { pid, code, signal } : { error } }
  }

  function giveUp(kind: ChildKind): void {
    failure ??= new ConfigError([
      `a process of kind "${kind}" cannot start, now or later; its message above says why`,
    ])
    stop()
  }

  /** Removes the files that a dead worker left on disk. */
  async function cleanUp(pid: number): Promise<void> {
    await rm(scratchOf(scratchDir, pid), { recursive: true, force: true }).catch((error: Error) =>
      log.warn({ pid, error: error.message }, "a dead worker's scratch folder could not be removed"),
    )
  }

  async function keep(slot: Slot): Promise<void> {
    let backoffMs: number | undefined
    while (!stopping.signal.aborted) {
      const turn = await turns.take()
      // Loading uses all the CPU that a child can get: children that start together would only slow each other down.
      const { servedMs, end } = stopping.signal.aborted ? NEVER : await live(slot, () => turn.end())
      turn.end()
      if (stopping.signal.aborted) return
      backoffMs = nextBackoffMs({ backoffMs, servedMs })
      log.error({ kind: slot.kind, ...end, backoffMs }, 'a process ended; restarting it')
      await sleep(backoffMs, stopping.signal)
    }
  }

  function checkAll(): void {
    for (const { kind, living } of slots) {
      if (!living) continue
      const { child, consumer, watch } = living
      const judgement = watch.check()
      if (judgement.kind === 'kill') {
        log.error({ kind, pid: child.pid }, `process killed: it ${judgement.why}`)
        living.killedFor = judgement.why
        child.kill('SIGKILL')
      } else if (judgement.kind !== 'fine' && consumer !== undefined) {
        fates.report({ consumer, kind: judgement.kind, how: judgement.why })
      }
    }
  }

  function signalAll(signal: NodeJS.Signals): void {
    for (const { living } of slots) living?.child.kill(signal)
  }

  function stop(): void {
    if (stopping.signal.aborted) return
    stopping.abort()
    signalAll('SIGTERM')
    void sleep(graceMs, ended.signal).then(() => signalAll('SIGKILL'))
  }

  return {
    async run() {
      const timer = setInterval(checkAll, SECOND_MS)
      await Promise.all(slots.map(keep))
      clearInterval(timer)
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

/** A start that a stop has overtaken. */
const NEVER: Life = { servedMs: undefined, end: {} }

function howOf({ code, signal }: Ended): string {
  return signal ? `was ended by ${signal}` : `ended by itself with exit code ${code}`
}

function answer(child: ChildProcess, message: ToChild): void {
  if (child.connected) child.send(message, () => undefined)
}
