/** Requests to end this process: Ctrl-C, SIGTERM, a closed terminal, or the death of its parent. @module */
import { readFileSync } from 'node:fs'
import { SECOND_MS } from '../../../runtime/time.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const PARENT_POLL_MS = SECOND_MS

export interface Ending {
  /** Aborted on the first request; its reason is the cause, in words. */
  readonly signal: AbortSignal
  /** Resolves at the same time; never rejects. */
  readonly asked: Promise<string>
  /** Stops listening. */
  dispose(): void
}

/**
 * npm runs a shell that runs this process, and may die without forwarding a signal: the shell then remains, with another
 * parent. On a system without /proc (macOS) the shell replaces itself with this process, and the first number is enough.
 */
function parentsOf(): string {
  const { ppid } = process
  try {
    // Shape: `1807 (sh) S 1783 …`; the name may hold spaces and brackets.
    const stat = readFileSync(`/proc/${ppid}/stat`, 'utf8')
    return `${ppid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]}`
  } catch {
    return String(ppid)
  }
}

/** @param onImpatience - called on the second request */
export function listenForEnding(onImpatience: () => void): Ending {
  const controller = new AbortController()
  const end = (cause: string) => {
    if (controller.signal.aborted) onImpatience()
    else controller.abort(cause)
  }
  for (const name of SIGNALS) process.on(name, end)
  const parents = parentsOf()
  const watch = () => {
    if (parentsOf() !== parents && !controller.signal.aborted) end('npm is gone')
  }
  // Without npm the parent may exit normally: a shell that started this in the background.
  const polling = process.env['npm_lifecycle_event'] ? setInterval(watch, PARENT_POLL_MS) : undefined
  return {
    signal: controller.signal,
    asked: new Promise((resolve) => {
      controller.signal.addEventListener('abort', () => resolve(String(controller.signal.reason)))
    }),
    dispose: () => {
      clearInterval(polling)
      for (const name of SIGNALS) process.off(name, end)
    },
  }
}
