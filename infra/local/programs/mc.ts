/** MinIO's client with its own configuration folder, so that the user's aliases are not changed. @module */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import type { Credentials } from '../../../runtime/settings/config.ts'

export interface Mc {
  readonly program: string
  readonly configDir: string
  /** Runs it and returns its stdout. */
  run(...args: readonly string[]): Promise<string>
  /** Stores an alias; the secret goes through stdin, so that no list of processes shows it. */
  setAlias(alias: string, endpoint: string, credentials: Credentials): Promise<void>
}

export function createMc(program: string, configDir: string): Mc {
  mkdirSync(configDir, { recursive: true, mode: 0o700 })
  async function run(args: readonly string[], input = ''): Promise<string> {
    const child = spawn(program, ['--config-dir', configDir, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
    // It may end without reading.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close') as Promise<[number | null]>,
    ])
    if (code === 0) return stdout
    throw new Error(`mc ${args.join(' ')} failed with exit code ${code}: ${(stderr || stdout).trim()}`)
  }
  return {
    program,
    configDir,
    run: (...args) => run(args),
    setAlias: async (alias, endpoint, { accessKey, secretKey }) => {
      await run(['alias', 'set', alias, endpoint], `${accessKey}\n${secretKey}\n`)
    },
  }
}
