/** A long command whose output nobody wants to see, unless it fails. @module */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { SECOND_MS } from '../../runtime/time.ts'
import type { Say } from './say.ts'
import { boundToParent, describeExit } from './server.ts'

export interface QuietCommand {
  readonly line: [command: string, ...args: string[]]
  readonly cwd?: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** What it does, for people: `Building MinIO`. */
  readonly what: string
  /** How long it usually takes: `about 4 minutes`. */
  readonly usually: string
  readonly progress: Say
}

const PROGRESS_MS = 15 * SECOND_MS
const KEPT_CHARACTERS = 4_000

/**
 * Says what it does, and every 15 s for how long already.
 *
 * @throws {Error} when it fails, with the end of its output
 */
export async function runQuietly(command: QuietCommand): Promise<void> {
  const startedMs = performance.now()
  const elapsedSeconds = () => Math.round((performance.now() - startedMs) / SECOND_MS)
  command.progress(`${command.what} (usually ${command.usually}) …`)
  const [program, ...args] = await boundToParent(command.line)
  const child = spawn(program, args, {
    cwd: command.cwd,
    env: command.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const keep = (text: string) => {
    output = (output + text).slice(-KEPT_CHARACTERS)
  }
  child.stdout.setEncoding('utf8').on('data', keep)
  child.stderr.setEncoding('utf8').on('data', keep)
  const telling = setInterval(
    () => command.progress(`${command.what}: ${elapsedSeconds()} s so far, usually ${command.usually}`),
    PROGRESS_MS,
  )
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
    if (code !== 0) {
      throw new Error(`${command.what} failed (${describeExit(code, signal)}):\n${output.trim()}`)
    }
  } finally {
    clearInterval(telling)
  }
}
