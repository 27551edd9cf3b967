/** The lines that tools say while they work on an attempt, for people who look at it: known by the attempt's signal. @module */

export type ToolLineListener = (signal: AbortSignal, line: string) => void

let listener: ToolLineListener | undefined

/** For the process that runs attempts: called with every line, and the signal that its tool was started with. */
export function hearToolLines(onLine: ToolLineListener | undefined): void {
  listener = onLine
}

/**
 * For code that runs a tool: people who look at the run see the line within a second or two. It is kept nowhere, so a failure has
 * to say by itself what matters.
 *
 * @param signal - the attempt's `c.var.signal`; lines of another one are nobody's
 * @param line - without a line end; the beginning of a long one is shown
 */
export function tellToolLine(signal: AbortSignal, line: string): void {
  listener?.(signal, line)
}
