/** The type of an alert's case, and short forms for it. In the notation of promtool, with a value a minute. @module */

export interface AlertCase {
  /** Series by their text, such as `up{job="redis"}`. */
  readonly fires: Series
  /** The minute from which the condition holds; `for` counts from there. @defaultValue 0 */
  readonly sinceMinutes?: number
  /** Its labels besides the severity. */
  readonly labels?: Readonly<Record<string, string>>
  readonly silent: readonly Series[]
  /** The same, checked only at their end. */
  readonly silentAtEnd?: readonly Series[]
}

export type Series = Readonly<Record<string, string>>

/** A step of `by` in the minute `at`. */
export const step = (at: number, by: number, minutes = 30) => `0x${at - 1} ${by}x${minutes}`
export const up = (job: string) => `up{job="${job}",instance="${job}:1"}`
