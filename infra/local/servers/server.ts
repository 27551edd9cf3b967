/**
 * A server as a child process: started in its own process group, awaited until it answers, and reliably stopped.
 *
 * The group shields it from a terminal's Ctrl-C, so that its parent decides the order of the shutdown.
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fstatSync, mkdirSync, openSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { sleep } from '../../../runtime/time.ts'
import { SERVER_PATIENCE_MS, STOP_PATIENCE_MS } from '../patience.ts'
import { boundToParent, describeExit } from '../programs/child-process.ts'
import { PRIVATE_DIR } from '../settings/data-dir.ts'

export interface ServerEvents {
  /** It has a pid now; it may not answer yet. */
  readonly onStart?: (() => void) | undefined
  /** It ended unexpectedly. */
  readonly onDeath?: ((how: string) => void) | undefined
}

export interface ServerSpec extends ServerEvents {
  /** For people: `Redis`. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Its stdout and stderr, appended. */
  readonly logPath: string
  /** Checks whether the process with this pid answers; a rejection counts as "not yet". */
  readonly isReady: (pid: number) => Promise<boolean>
  /** @defaultValue 15 minutes: a machine under load is slow, and a person who waits can end it */
  readonly readyTimeoutMs?: number
  /** From SIGTERM to SIGKILL. @defaultValue a minute */
  readonly stopTimeoutMs?: number
}

export interface Server {
  readonly name: string
  readonly logPath: string
  /** Undefined while it is not running. */
  readonly pid: number | undefined
  /** The last lines of its log since its last start, with the path of the log: the end of an error message. */
  tail(): Promise<string>
  /** The very last line; undefined while there is none. */
  lastLine(): Promise<string | undefined>
  /** Starts it, or starts it again after `kill` or `stop`, on the same port and data; resolves when it answers. */
  start(): Promise<void>
  /** Sends a signal to its whole group. After a deadly signal its end is not reported to `onDeath`. */
  kill(signal: NodeJS.Signals): void
  /** Resolves when it has ended, if necessary with SIGKILL. */
  stop(): Promise<void>
}

const POLL_MS = 50
const LOG_TAIL_LINES = 15
const LOG_TAIL_BYTES = 64 * 1024
/** Servers write secrets in plain text (MinIO its accounts' keys), so other users of the machine must not read their files. */
const PRIVATE_UMASK = 0o077
/** Signals that a server survives; after any other signal its end is expected. */
const HARMLESS = new Set<NodeJS.Signals>(['SIGSTOP', 'SIGCONT', 'SIGUSR1', 'SIGUSR2', 'SIGHUP'])

export function createServer(spec: ServerSpec): Server {
  let child: ChildProcess | undefined
  let isEndExpected = false
  /** One promise for all waiting callers: a listener for each would add up. */
  let ended = Promise.resolve()
  /** The byte at which the log of its last start begins. */
  let logFrom = 0

  async function start() {
    if (child && isEndExpected) await ended
    if (child) throw new Error(`${spec.name} is already running (pid ${child.pid})`)
    isEndExpected = false
    const started = await spawnServer(spec, (bytes) => (logFrom = bytes))
    child = started
    spec.onStart?.()
    let isAnswering = false
    ended = once(started, 'exit').then(([code, signal]) => {
      child = undefined
      if (isAnswering && !isEndExpected)
        spec.onDeath?.(describeExit(code as number | null, signal as NodeJS.Signals | null))
    })
    try {
      await untilReady(spec, started, () => logTail(spec.logPath, logFrom))
      isAnswering = true
    } catch (error) {
      await stop()
      throw error
    }
  }

  function kill(signal: NodeJS.Signals) {
    if (!child) return
    if (!HARMLESS.has(signal)) isEndExpected = true
    signalGroup(child, signal)
  }

  async function stop() {
    if (!child) return
    const ending = child
    isEndExpected = true
    // Only to the leader, which ends its own children.
    ending.kill('SIGTERM')
    // A stopped (SIGSTOP) process would never see the SIGTERM.
    signalGroup(ending, 'SIGCONT')
    const timer = setTimeout(() => signalGroup(ending, 'SIGKILL'), spec.stopTimeoutMs ?? STOP_PATIENCE_MS)
    await ended.finally(() => clearTimeout(timer))
    // Ends children that it left behind.
    signalGroup(ending, 'SIGKILL')
  }

  return {
    name: spec.name,
    logPath: spec.logPath,
    get pid() {
      return child?.pid
    },
    tail: () => logTail(spec.logPath, logFrom),
    lastLine: async () => (await lastLines(spec.logPath, logFrom, 1))[0],
    start,
    kill,
    stop,
  }
}

async function spawnServer(spec: ServerSpec, onLog: (bytes: number) => void): Promise<ChildProcess> {
  const [command, ...args] = await boundToParent([spec.command, ...spec.args])
  mkdirSync(dirname(spec.logPath), { recursive: true, mode: PRIVATE_DIR })
  const log = openSync(spec.logPath, 'a', 0o600)
  onLog(fstatSync(log).size)
  // No other code runs in this process until the child has inherited it.
  const umask = process.umask(PRIVATE_UMASK)
  try {
    const child = spawn(command, args, {
      cwd: spec.cwd,
      env: spec.env,
      detached: true,
      stdio: ['ignore', log, log],
    })
    process.umask(umask)
    await once(child, 'spawn')
    return child
  } finally {
    process.umask(umask)
    closeSync(log)
  }
}

/** Another process took the port: on another one the server would start. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError'
}

async function untilReady(
  spec: ServerSpec,
  child: ChildProcess,
  tailOf: () => Promise<string>,
): Promise<void> {
  const timeoutMs = spec.readyTimeoutMs ?? SERVER_PATIENCE_MS
  const deadlineMs = performance.now() + timeoutMs
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) {
      const how = describeExit(child.exitCode, child.signalCode)
      const tail = await tailOf()
      const message = `${spec.name} ended before it answered: ${how}\n${tail}`
      throw /already in use/i.test(tail) ? new PortTakenError(message) : new Error(message)
    }
    if (await spec.isReady(child.pid as number).catch(() => false)) return
    if (performance.now() > deadlineMs) {
      throw new Error(`${spec.name} did not answer within ${timeoutMs} ms\n${await tailOf()}`)
    }
    await sleep(POLL_MS)
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-(child.pid as number), signal)
  } catch (error) {
    // The group is gone already.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** The last lines of a log, from a byte on, with its path, as the end of an error message. */
export async function logTail(logPath: string, fromByte = 0): Promise<string> {
  const lines = await lastLines(logPath, fromByte, LOG_TAIL_LINES)
  if (lines.length === 0) return `${logPath} is empty`
  return `${logPath} ends with:\n${lines.map((line) => `  ${line}`).join('\n')}`
}

async function lastLines(logPath: string, fromByte: number, count: number): Promise<string[]> {
  const file = await open(logPath).catch(() => undefined)
  if (!file) return []
  try {
    const { size } = await file.stat()
    // Logs grow for as long as the data is kept.
    const begin = Math.max(fromByte, size - LOG_TAIL_BYTES)
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(LOG_TAIL_BYTES), position: begin })
    const lines = buffer.toString('utf8', 0, bytesRead).trimEnd().split('\n')
    return lines.filter(Boolean).slice(-count)
  } finally {
    await file.close()
  }
}
