/** Watches for senders that have gone silent without closing their connection. @module */

export interface SilenceWatch {
  /** Bytes came. */
  heard(): void
  stop(): void
}

export interface SilenceWatchParts {
  readonly timeoutMs: number
  /** While this holds, bytes are not read: their absence is not the sender's silence. */
  readonly isOurs?: () => boolean
  /** At most once. */
  readonly onSilent: () => void
}

/** How often it looks: the time-out is at least a second. */
const CHECK_MS = 250

export function watchSilence({ timeoutMs, isOurs = () => false, onSilent }: SilenceWatchParts): SilenceWatch {
  let silentMs = 0
  let lookedAtMs = performance.now()
  const timer = setInterval(() => {
    const nowMs = performance.now()
    // A pause of this process is not the sender's: its bytes wait in the kernel.
    const passedMs = Math.min(nowMs - lookedAtMs, 2 * CHECK_MS)
    lookedAtMs = nowMs
    silentMs = isOurs() ? 0 : silentMs + passedMs
    if (silentMs < timeoutMs) return
    clearInterval(timer)
    onSilent()
  }, CHECK_MS)
  return {
    heard() {
      silentMs = 0
    },
    stop: () => clearInterval(timer),
  }
}
