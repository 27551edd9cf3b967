/** Child processes that end with this one, and long commands whose output is shown only if they fail. @module */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { TELL_EVERY_MS } from '../patience.ts'
import { type Say, secondsSince } from '../terminal.ts'
import { findOnPath } from './programs.ts'

type CommandLine = [command: string, ...args: string[]]

/** The same command; with setpriv (Linux) the kernel ends it when this process dies, whatever the signal. */
export async function boundToParent(line: CommandLine): Promise<CommandLine> {
  const setpriv = await findOnPath('setpriv')
  return setpriv ? [setpriv, '--pdeathsig', 'TERM', ...line] : line
}

export function describeExit(code: number | null, signal: NodeJS.Signals | null): string {
  return signal ? `killed by ${signal}` : `exit code ${code}`
}

export interface QuietCommand {
  readonly line: readonly [command: string, ...args: string[]]
  readonly cwd?: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Its purpose, for people: `Building minio`. */
  readonly what: string
  readonly progress: Say
  /** Ends the command. */
  readonly signal?: AbortSignal | undefined
  /** Gets every line of its stderr. */
  readonly onErrorLine?: (line: string) => void
  /** Its progress, for people: `12 of 1302 packages`. */
  readonly state?: () => string
}

const KEPT_CHARACTERS = 4_000

/**
 * Returns its stdout; prints its progress every 15 s, and its duration when it ends.
 *
 * @throws {Error} when it fails, with the end of its output
 */
export async function runQuietly(command: QuietCommand): Promise<string> {
  const { what, progress, signal } = command
  const startedMs = performance.now()
  signal?.throwIfAborted()
  const [program, ...args] = await boundToParent([...command.line])
  const child = spawn(program, args, {
    cwd: command.cwd,
    env: command.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  const end = () => child.kill('SIGTERM')
  signal?.addEventListener('abort', end, { once: true })
  let [stdout, tail] = ['', '']
  const keep = (text: string) => {
    tail = (tail + text).slice(-KEPT_CHARACTERS)
  }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    keep(text)
  })
  createInterface({ input: child.stderr }).on('line', (line) => {
    command.onErrorLine?.(line)
    keep(`${line}\n`)
  })
  const tell = () => {
    const state = command.state ? `${command.state()}, ` : ''
    progress(`${what}: ${state}${secondsSince(startedMs)} so far …`)
  }
  progress(`${what} …`)
  const telling = setInterval(tell, TELL_EVERY_MS)
  try {
    const [code, killed] = await closed
    signal?.throwIfAborted()
    if (code !== 0) throw new Error(`${what} failed (${describeExit(code, killed)}):\n${tail.trim()}`)
    progress(`${what}: ${command.state ? `${command.state()}, ` : ''}${secondsSince(startedMs)}`)
    return stdout
  } finally {
    clearInterval(telling)
    signal?.removeEventListener('abort', end)
  }
}
