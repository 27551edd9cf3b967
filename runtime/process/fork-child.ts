/** Starts a child process with a message channel, and one promise of its end, in whatever way it ends. @module */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Environment } from '../settings/files.ts'
import { SECOND_MS, sleep } from '../time.ts'
import type { ChildKind, ToSupervisor } from './messages.ts'

/** How long to wait for a process's last messages, which arrive after its end. */
const LAST_WORDS_MS = SECOND_MS

/**
 * A worker and a receiver hand gigabytes on in small buffers. A small nursery collects them before they pile up, for some 13 % more CPU
 * where much is allocated, and glibc gives back to the system what it has mapped: with a large file 184 MB at the peak
 * instead of 219. One thread collects so little: beside Redis on two cores, `dispatch` did 13,700 runs a
 * second with helping threads and 16,200 without.
 */
export const WORKER_FLAGS = ['--max-semi-space-size=4', '--no-parallel-scavenge']
export const WORKER_ENV = { MALLOC_MMAP_THRESHOLD_: String(64 * 1024) }

export interface ForkOptions {
  /** The module whose first argument is the child's kind. */
  readonly entryPath: string
  readonly kind: ChildKind
  readonly env: Environment
  readonly onMessage: (message: ToSupervisor) => void
  /** Such as a signal that could not be sent: the process is still running. */
  readonly onError: (error: Error) => void
}

export interface Forked {
  /** Undefined when the system could not fork at all. */
  readonly child: ChildProcess | undefined
  /** Resolves when the process is gone and its last messages have arrived, or it could not be started; never rejects. */
  readonly ended: Promise<Ended>
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Why it could not be started: no memory, too many open files. */
  readonly error?: string
}

export function forkChild({ entryPath, kind, env, onMessage, onError }: ForkOptions): Forked {
  let child: ChildProcess
  try {
    child = fork(entryPath, ['child', kind], {
      execArgv: kind !== 'serve' ? [...process.execArgv, ...WORKER_FLAGS] : process.execArgv,
      serialization: 'advanced',
      env: envOf(kind, env),
    })
  } catch (error) {
    return { child: undefined, ended: Promise.resolve(notStarted(error as Error)) }
  }
  child.on('message', onMessage)
  const ended = new Promise<Ended>((resolve) => {
    child.on('error', (error) => {
      // Without a pid there is no process, and nothing else will be said of it.
      if (child.pid === undefined) resolve(notStarted(error))
      else onError(error)
    })
    child.once('exit', (code, signal) => {
      void heardOut(child).then(() => resolve({ code, signal }))
    })
  })
  return { child, ended }
}

/** Workers and receivers do not get the uploader's account: the files of strangers are theirs to read, not to write. */
export function envOf(kind: ChildKind, env: Environment): Environment {
  if (kind === 'serve') return { ...env }
  const kept = Object.entries(env).filter(([name]) => !name.startsWith('MINIO_UPLOADER_'))
  return { ...WORKER_ENV, ...Object.fromEntries(kept) }
}

function notStarted(error: Error): Ended {
  return { code: null, signal: null, error: error.message }
}

async function heardOut(child: ChildProcess): Promise<void> {
  if (!child.connected) return
  const heard = new AbortController()
  void sleep(LAST_WORDS_MS, heard.signal).then(() => heard.abort())
  await once(child, 'disconnect', { signal: heard.signal }).catch(() => undefined)
  heard.abort()
}
