// @ts-check
/** Ages, in the same words as the server's (`agoText` of words.ts): a test compares both. Pure. @module */

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** @param {string} time @param {number} [nowMs] */
export function agoText(time, nowMs = Date.now()) {
  const ms = nowMs - Date.parse(time)
  const size = Math.abs(ms)
  if (size < 5_000) return ms < 0 ? 'in a moment' : 'just now'
  const [unitMs, unit] = unitOf(size)
  return ms < 0 ? `in ${Math.round(size / unitMs)} ${unit}` : `${Math.floor(size / unitMs)} ${unit} ago`
}

/** @param {number} ms @returns {[number, string]} */
function unitOf(ms) {
  if (ms < MINUTE_MS) return [1_000, 's']
  if (ms < HOUR_MS) return [MINUTE_MS, 'min']
  return ms < 2 * DAY_MS ? [HOUR_MS, 'h'] : [DAY_MS, 'd']
}
