/** The place a command writes to: a person's terminal, or a pipe to another program. @module */
import type { Environment } from '../../settings/files.ts'

export interface Terminal {
  /** Whether a person reads it. */
  readonly isTerminal: boolean
  readonly hasColor: boolean
  /** Its width, as it is now. */
  readonly columns: number
  write(text: string): void
}

const NARROWEST = 40
const DEFAULT_COLUMNS = 80

/** @see https://no-color.org */
export function terminalOn(
  // A pipe lacks these, whatever its type says.
  stream: Pick<NodeJS.WriteStream, 'write'> & Partial<Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>>,
  env: Environment,
): Terminal {
  const isTerminal = stream.isTTY ?? false
  return {
    isTerminal,
    hasColor: isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb',
    get columns() {
      return Math.max(NARROWEST, stream.columns || DEFAULT_COLUMNS)
    },
    write: (text) => void stream.write(text),
  }
}

export type Tone = 'good' | 'doubtful' | 'bad' | 'quiet'
const CODES: Readonly<Record<Tone, number>> = { good: 32, doubtful: 33, bad: 31, quiet: 2 }

export function toned(text: string, tone: Tone | undefined, { hasColor }: Terminal): string {
  return tone && hasColor ? `\u001b[${CODES[tone]}m${text}\u001b[0m` : text
}

const TONES: Readonly<Record<string, Tone>> = {
  succeeded: 'good',
  done: 'good',
  ok: 'good',
  dead: 'bad',
  failed: 'bad',
  lost: 'bad',
  fail: 'bad',
  retrying: 'doubtful',
  paused: 'doubtful',
  cancelled: 'doubtful',
  warn: 'doubtful',
  superseded: 'quiet',
  'source-gone': 'quiet',
  skipped: 'quiet',
}

/** Whether a state is good news. */
export function toneOf(state: string): Tone | undefined {
  return TONES[state]
}
