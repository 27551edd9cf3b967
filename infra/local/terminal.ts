/**
 * Output for the person at the terminal: lines, and the steps of a start with their times. Progress goes to stderr, so that
 * a last line of JSON is alone on stdout.
 * @module
 */
import { SECOND_MS } from '../../runtime/time.ts'
import { TELL_EVERY_MS } from './patience.ts'

export type Say = (line: string) => void

/** Prints the output that the user asked for. */
export const say: Say = (line) => {
  process.stdout.write(`${line}\n`)
}

/** Prints nothing. */
export const silently: Say = () => undefined

/** Prints progress. */
export const progress: Say = (line) => {
  process.stderr.write(`${line}\n`)
}

/** Shape: `0.4 s`, `75 s`. */
export function secondsSince(startedMs: number): string {
  const seconds = (performance.now() - startedMs) / SECOND_MS
  return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`
}

const COLUMNS = 80
const NAME_WIDTH = 10
const DETAIL_WIDTH = 55

/** Shape: `  Redis     127.0.0.1:6379                                            0.4 s`; within 80 columns where the detail is. */
export function stepLine(name: string, detail: string, took: string): string {
  return `  ${name.padEnd(NAME_WIDTH)}${detail.padEnd(DETAIL_WIDTH)} ${took.padStart(7)}`
}

/** Lines of logs may be of any length. */
function fitting(line: string): string {
  return line.length > COLUMNS ? `${line.slice(0, COLUMNS - 1)}…` : line
}

export interface Step<T> {
  /** For people: `Redis`. */
  readonly name: string
  readonly work: () => Promise<T>
  /** The result of the step, such as the address of a server. */
  readonly detail: (value: T) => string
  /** The current state of the step, such as the last line of a log. */
  readonly state?: (() => Promise<string | undefined>) | undefined
}

export async function runStep<T>(step: Step<T>, progress: Say, tellEveryMs = TELL_EVERY_MS): Promise<T> {
  const startedMs = performance.now()
  const tell = async () => {
    const state = await step.state?.().catch(() => undefined)
    progress(fitting(`  ${step.name}: ${secondsSince(startedMs)} so far${state ? `; ${state}` : ''} …`))
  }
  const telling = setInterval(() => void tell(), tellEveryMs)
  try {
    const value = await step.work()
    progress(stepLine(step.name, step.detail(value), secondsSince(startedMs)))
    return value
  } finally {
    clearInterval(telling)
  }
}
