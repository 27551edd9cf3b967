/** What asks this process to end: Ctrl-C, SIGTERM, a closed terminal, or the death of whoever started it. @module */
import { readFileSync } from 'node:fs'
import { SECOND_MS } from '../../../runtime/time.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const PARENT_POLL_MS = SECOND_MS

export interface Ending {
  /** Aborted when the end is asked for; its reason is the cause, in words. */
  readonly signal: AbortSignal
  /** Resolves then; never rejects. */
  readonly asked: Promise<string>
  /** Listens no more. */
  dispose(): void
}

/**
 * npm runs a shell that runs us, and may die without passing a signal on: the shell stays then, and belongs to another
 * parent. Where there is no /proc (macOS), its shell makes way for us, and the first number is enough.
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

/** @param onImpatience - called when it is asked a second time */
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
  // Without npm in between, who started this may well go: a shell that put it into the background.
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
