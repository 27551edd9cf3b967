/** Restarts a server that died by itself, with growing pauses, for as long as the stack runs. @module */
import { MINUTE_MS, SECOND_MS } from '../../../runtime/time.ts'
import type { Say } from '../terminal.ts'
import type { Server } from './server.ts'

const FIRST_PAUSE_MS = SECOND_MS
const MAX_PAUSE_MS = 30 * SECOND_MS
/** After a life of this length the pauses start from the first one again. */
const SOUND_LIFE_MS = MINUTE_MS

export interface Keeper {
  /** Call it when a server has died. */
  revive(server: Server, how: string): void
  /** Starts no server any more. */
  stop(): void
}

export function createKeeper(progress: Say): Keeper {
  const timers = new Set<NodeJS.Timeout>()
  const lives = new Map<Server, { pauseMs: number; startedMs: number }>()
  let isStopped = false

  function revive(server: Server, how: string) {
    if (isStopped) return
    const life = lives.get(server)
    const wasSound = !life || performance.now() - life.startedMs > SOUND_LIFE_MS
    const pauseMs = wasSound ? FIRST_PAUSE_MS : Math.min(life.pauseMs * 2, MAX_PAUSE_MS)
    progress(`${server.name} ended (${how}): restarting it in ${pauseMs / SECOND_MS} s; ${server.logPath}`)
    const timer = setTimeout(() => {
      timers.delete(timer)
      lives.set(server, { pauseMs, startedMs: performance.now() })
      server.start().then(
        () => progress(`${server.name} is running again (pid ${server.pid})`),
        (error: Error) => revive(server, error.message.split('\n')[0] ?? 'it did not start'),
      )
    }, pauseMs)
    timers.add(timer)
  }

  return {
    revive,
    stop: () => {
      isStopped = true
      for (const timer of timers) clearTimeout(timer)
    },
  }
}
