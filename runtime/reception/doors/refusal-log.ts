/** Logs refusals of connections that anybody can open in any number: one line for all of ten seconds. @module */
import type { Logger } from '../../telemetry/logger.ts'
import { SECOND_MS } from '../../time.ts'

const QUIET_MS = 10 * SECOND_MS

export type LogRefusal = (address: string) => void

/** @param message - about one or more of them; the line has their number and the last address */
export function createRefusalLog(
  log: Pick<Logger, 'warn'>,
  message: string,
  now = () => performance.now(),
): LogRefusal {
  let count = 0
  let loggedAtMs = -Infinity
  return (address) => {
    count++
    if (now() - loggedAtMs < QUIET_MS) return
    loggedAtMs = now()
    log.warn({ count, address }, message)
    count = 0
  }
}
