/** A suspended process that really stands still. @module */
import { readdirSync, readFileSync } from 'node:fs'

const LIMIT_MS = 20_000

/**
 * Waits until every thread has stopped after SIGSTOP: until then one on another core still answers a request. It blocks,
 * for a millisecond or so, so that nothing can be asked in between. Without /proc (macOS) it cannot know, and returns.
 */
export function waitUntilSuspended(pid: number): void {
  const deadlineMs = performance.now() + LIMIT_MS
  while (!isSuspended(pid) && performance.now() < deadlineMs);
}

function isSuspended(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).every((thread) => {
      // Shape: `1807 (minio) T 1783 …`
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
      return /[TtZX]/.test(stat.charAt(stat.lastIndexOf(')') + 2))
    })
  } catch {
    // No /proc, or it is gone.
    return true
  }
}
