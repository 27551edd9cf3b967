/**
 * The reason why an attempt failed: one sentence for `why`, and the tool's last lines for `show`. Pure.
 * @module
 */
import { basename } from 'node:path'
import { messageOf } from '../../errors.ts'

export interface Reason {
  readonly error: string
  /** The last lines of a tool, oldest first. */
  readonly lines: readonly string[]
}

const MAX_LINES = 20
const MAX_LINE_CHARACTERS = 500

/** The error of Node's `exec` and `execFile`, and of similar libraries. */
interface ToolFailure extends Error {
  readonly cmd?: unknown
  readonly code?: unknown
  readonly signal?: unknown
  readonly stderr: string
}

/** Splits a message of several lines: the first line is the reason, the others are the tool's lines. */
export function reasonOf(error: unknown): Reason {
  const known = lastLinesOf(error)
  if (known) return { error: messageOf(error), lines: known }
  if (isToolFailure(error)) return reasonOfTool(error)
  const [first = '', ...rest] = linesOf(messageOf(error))
  return { error: first || nameOf(error), lines: rest.slice(-MAX_LINES) }
}

/** The last lines of a tool's log, when an error in the chain of causes carries `lastLines`, as those of our FFmpeg do. */
function lastLinesOf(error: unknown): readonly string[] | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('lastLines' in at && Array.isArray(at.lastLines)) return at.lastLines.map(String)
  }
  return undefined
}

function isToolFailure(error: unknown): error is ToolFailure {
  return error instanceof Error && 'stderr' in error && typeof error.stderr === 'string'
}

function reasonOfTool(error: ToolFailure): Reason {
  const { code, signal, stderr } = error
  const tool = toolOf(error)
  if (code === 'ENOENT') return { error: `${tool} could not be started: there is no such program`, lines: [] }
  const lines = linesOf(stderr).slice(-MAX_LINES)
  const said = lines.at(-1)
  const how =
    typeof signal === 'string'
      ? `${tool} was ended by ${signal}`
      : typeof code === 'number'
        ? `${tool} ended with exit code ${code}`
        : `${tool} failed${typeof code === 'string' ? ` (${code})` : ''}`
  return { error: said === undefined ? how : `${how}: ${said}`, lines }
}

/** Only the program's name: its arguments may contain paths, keys and secrets. */
function toolOf(error: Error): string {
  const given = 'path' in error ? error.path : 'cmd' in error ? error.cmd : undefined
  const word = typeof given === 'string' ? (given.split(' ')[0] ?? '') : ''
  return basename(word) || 'the tool'
}

function linesOf(text: string): string[] {
  return (
    text
      .split(/[\r\n]+/)
      // A tool quotes its input: an escape sequence must not reach a terminal, and the source's URL differs each time.
      .map((line) => line.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ').trimEnd())
      .map((line) => line.replaceAll(/http:\/\/127\.0\.0\.1:\d+\/\w+/g, 'source'))
      .filter((line) => line !== '')
      .map((line) => line.slice(0, MAX_LINE_CHARACTERS))
  )
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown error'
}
