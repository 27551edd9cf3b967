/** Numbers, times and states as pages say them. Pure. @module */
import { printable } from '../printable.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../time.ts'

const plain = new Intl.NumberFormat('en')
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

/** `9,999`, `12.3K`. */
export function countText(count: number): string {
  return count < 10_000 ? plain.format(count) : compact.format(count)
}

/** `850 ms`, `4.2 s`, `3 min 10 s`, `2 h 5 min`, `3 d 4 h`. */
export function spanText(ms: number): string {
  if (ms < SECOND_MS) return `${Math.max(0, Math.round(ms))} ms`
  const seconds = ms / SECOND_MS
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  if (seconds < 59.5) return `${Math.round(seconds)} s`
  const whole = Math.round(seconds)
  if (whole < 3_600) return two(whole, 60, 'min', 's')
  const minutes = Math.round(seconds / 60)
  if (minutes < 48 * 60) return two(minutes, 60, 'h', 'min')
  return two(Math.round(minutes / 60), 24, 'd', 'h')
}

function two(count: number, perLarge: number, large: string, small: string): string {
  const rest = count % perLarge
  return `${Math.floor(count / perLarge)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`
}

/** `just now`, `12 s ago`, `in 4 min`; the page's script keeps it true (assets/console/ago.js). */
export function agoText(time: string, nowMs = Date.now()): string {
  const ms = nowMs - Date.parse(time)
  const size = Math.abs(ms)
  if (size < 5 * SECOND_MS) return ms < 0 ? 'in a moment' : 'just now'
  const [unitMs, unit] =
    size < MINUTE_MS
      ? [SECOND_MS, 's']
      : size < HOUR_MS
        ? [MINUTE_MS, 'min']
        : size < 2 * DAY_MS
          ? [HOUR_MS, 'h']
          : [DAY_MS, 'd']
  return ms < 0 ? `in ${Math.round(size / unitMs)} ${unit}` : `${Math.floor(size / unitMs)} ${unit} ago`
}

/** `4:07`, `1:02:03`. */
export function clockText(seconds: number): string {
  const whole = Math.floor(Math.max(0, seconds))
  const digits = (count: number) => String(count).padStart(2, '0')
  const [hours, minutes] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60]
  return hours > 0 ? `${hours}:${digits(minutes)}:${digits(whole % 60)}` : `${minutes}:${digits(whole % 60)}`
}

/** The first line of a reason, for lists. */
export function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}

/** `1 file`, `1,200 files`. */
export function countedText(count: number, one: string, many = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`
}

/** `a, b, c and 9 more`. */
export function namesText(names: readonly string[], shown = 5): string {
  if (names.length <= shown + 1) return names.join(', ')
  return `${names.slice(0, shown).join(', ')} and ${countText(names.length - shown)} more`
}

/** `40 done, 2 running`; empty when nothing was counted. */
export function countsText(
  counts: Readonly<Record<string, number>>,
  nameOf: (name: string) => string = (name) => name,
): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${countText(count)} ${nameOf(name)}`)
    .join(', ')
}

/** States of runs, outcomes of attempts, and what a list of events marks. */
const STATES: Readonly<Record<string, string>> = {
  queued: 'Waiting',
  running: 'Running',
  retrying: 'Retrying',
  succeeded: 'Done',
  dead: 'Given up',
  cancelled: 'Cancelled',
  superseded: 'Superseded',
  'source-gone': 'Source gone',
  failed: 'Failed',
  released: 'Handed back',
  lost: 'Worker lost',
}

export function stateText(state: string): string {
  return STATES[state] ?? state
}

/** Why a run was given up. */
const REASONS: Readonly<Record<string, string>> = {
  permanent: 'no other attempt could succeed',
  exhausted: 'its attempts are used up',
  'crash-loop': 'it crashes its worker',
}

export function reasonText(reason: string): string {
  return REASONS[reason] ?? printable(reason)
}
