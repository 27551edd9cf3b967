/** Structured logs: JSON lines, or text for people. The only file that writes to the console. @module */
import { pino, type Logger as PinoLogger, type LevelWithSilent } from 'pino'
import { safeJson } from './safe-text.ts'

export type Logger = PinoLogger
export type LogLevel = LevelWithSilent
export type LogFormat = 'json' | 'text'

export interface LoggerOptions {
  readonly level: LogLevel
  readonly format: LogFormat
  /** Fields of every line, such as the process's role. */
  readonly base?: Readonly<Record<string, unknown>>
  /** Takes each line, of JSON. @defaultValue the standard output takes them, in the format */
  readonly write?: (line: string) => void
}

export function createLogger(options: LoggerOptions): Logger {
  const settings = {
    level: options.level,
    base: { ...options.base },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  if (options.write) return pino(settings, { write: options.write })
  return options.format === 'json'
    ? pino(settings)
    : pino(settings, { write: (line) => process.stdout.write(toText(line)) })
}

/** `12:01:02.345 info  run succeeded function=chunk run=… attempt=1`; characters that could control a terminal are escaped. */
function toText(line: string): string {
  const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>
  const rest = Object.entries(fields).map(([name, value]) => `${name}=${printable(value)}`)
  return (
    `${String(time).slice(11, 23)} ${String(level).padEnd(5)} ${String(msg)} ${rest.join(' ')}`.trimEnd() +
    '\n'
  )
}

function printable(value: unknown): string {
  if (typeof value === 'string' && /^[\w./:@+-]+$/.test(value)) return value
  return safeJson(value)
}
