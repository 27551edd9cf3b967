/** Waiting for a condition instead of for a time. @module */
import { setTimeout as sleep } from 'node:timers/promises'
import { busyness } from '../../runtime/time.ts'

export interface WaitOptions {
  /** On an idle machine; a busy one gets more, by its load. */
  readonly timeoutMs: number
  /** What is awaited, as the end of "waited … for": `the manifest of clip.mp4`. */
  readonly what: string
  /** @defaultValue 50 */
  readonly intervalMs?: number
}

/**
 * The first value of `condition` that is neither undefined nor false. A condition that throws is asked again.
 *
 * @throws {Error} after `timeoutMs`, with what was awaited; its cause is the condition's last error
 */
export async function waitFor<T>(
  condition: () => Promise<T | undefined | false>,
  options: WaitOptions,
): Promise<T> {
  const startedMs = performance.now()
  let busiest = 1
  let lastError: unknown
  for (;;) {
    try {
      const value = await condition()
      if (value !== undefined && value !== false) return value
      lastError = undefined
    } catch (error) {
      lastError = error
    }
    busiest = Math.max(busiest, busyness())
    const waitedMs = performance.now() - startedMs
    if (waitedMs >= options.timeoutMs * busiest) {
      const reason = lastError instanceof Error ? `; the last error: ${lastError.message}` : ''
      throw new Error(`waited ${Math.round(waitedMs)} ms for ${options.what}${reason}`, { cause: lastError })
    }
    await sleep(options.intervalMs ?? 50)
  }
}
