/** Watches one child: the time since its last message, and its CPU time since then. @module */
import { readProcessTimes, type ProcessTimes } from './process-times.ts'
import { judgeSilence, type Judgement, type SilenceLimits } from './silence.ts'

export interface Vigil {
  readonly isReady: boolean
  heard(): void
  ready(): void
  /** To be called about each second; a much longer time is a pause of the supervisor's own and is not counted in full. */
  look(): Judgement
}

/** A later call may find messages that have not been read yet. */
const LONGEST_LOOK_MS = 2_000

export interface VigilParts {
  readonly pid: number | undefined
  readonly limits: SilenceLimits
  readonly now?: () => number
  readonly read?: (pid: number) => ProcessTimes | undefined
}

export function createVigil({
  pid,
  limits,
  now = () => performance.now(),
  read = readProcessTimes,
}: VigilParts): Vigil {
  let isReady = false
  let lookedAtMs = now()
  let silentMs = 0
  let stillMs = 0
  // At the last message, and at the last call; 0 at the start.
  let cpuAtWordMs = 0
  let cpuMs = 0

  const times = () => (pid === undefined ? undefined : read(pid))
  const hear = () => {
    silentMs = 0
    stillMs = 0
    cpuAtWordMs = cpuMs = times()?.cpuMs ?? cpuMs
  }

  return {
    get isReady() {
      return isReady
    },
    heard() {
      // Loading is timed from the start, whatever messages arrive meanwhile.
      if (isReady) hear()
    },
    ready() {
      isReady = true
      hear()
    },
    look() {
      const sinceMs = Math.min(now() - lookedAtMs, LONGEST_LOOK_MS)
      lookedAtMs = now()
      silentMs += sinceMs
      const found = times()
      stillMs = found && found.cpuMs > cpuMs ? 0 : stillMs + sinceMs
      cpuMs = found?.cpuMs ?? cpuMs
      const process = found && { cpuMs: cpuMs - cpuAtWordMs, stillMs, activity: found.activity }
      return judgeSilence({ isReady, forMs: silentMs, process }, limits)
    },
  }
}
