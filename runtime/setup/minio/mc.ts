/** MinIO's own client `mc`, for what has no S3 call: accounts and the settings of the server. @module */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import type { Credentials } from '../../settings/config.ts'
import { MINUTE_MS, SECOND_MS, stretched } from '../../time.ts'

/** The name under which `mc` knows the server. */
export const ALIAS = 'sluice'

export interface McOptions {
  readonly mcPath: string
  readonly endpoint: string
  readonly rootCredentials: Credentials
}

/**
 * Runs `mc admin …` in a folder that only this user can read.
 *
 * @returns its standard output
 * @throws {Error} with the reason that mc gave; no secret is in it
 */
export type Mc = (
  args: readonly string[],
  options?: { readonly input?: string; readonly secrets?: readonly string[] },
) => Promise<string>

/** Calls `work` with an `mc` that knows the server, and the folder of its configuration. */
export async function withMc<T>(
  { mcPath, endpoint, rootCredentials }: McOptions,
  work: (mc: Mc, dir: string) => Promise<T>,
): Promise<T> {
  return withPrivateFolder('sluice-mc-', async (dir) => {
    // Not MC_HOST_<alias>: mc takes the secret there apart at ":" and "@", and does not decode it.
    const alias = { url: endpoint, ...rootCredentials, api: 'S3v4', path: 'on' }
    const config = JSON.stringify({ version: '10', aliases: { [ALIAS]: alias } })
    await writeFile(join(dir, 'config.json'), config, { mode: 0o600 })
    return work(async (args, { input = '', secrets = [] } = {}) => {
      const child = spawn(mcPath, ['--json', '--config-dir', dir, 'admin', ...args], {
        env: { HOME: dir, MC_CONFIG_DIR: dir },
        stdio: 'pipe',
        timeout: MINUTE_MS,
        killSignal: 'SIGKILL',
      })
      // A tool that ends before it has read everything gives the reason itself.
      child.stdin.on('error', () => undefined)
      child.stdin.end(input)
      const ended = new Promise<string>((resolve) => {
        child.once('error', (error) => resolve(error.message))
        child.once('close', (code, signal) => resolve(code === 0 ? '' : `it ended with ${signal ?? code}`))
      })
      const [stdout, stderr, failure] = await Promise.all([text(child.stdout), text(child.stderr), ended])
      if (failure === '') return stdout
      const reason = [...secrets, rootCredentials.secretKey].reduce(
        (all, secret) => all.replaceAll(secret, '***'),
        reasonIn(stdout + stderr),
      )
      const what = args.length > 2 ? ` for ${JSON.stringify(args.at(-1))}` : ''
      throw new Error(`"mc admin ${args.slice(0, 2).join(' ')}"${what} failed: ${reason || failure}`)
    }, dir)
  })
}

/** mc answers in lines of JSON, of which only the error is fit to be shown: a success repeats the secret. */
function reasonIn(output: string): string {
  const messages = output.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return []
    const { error } = JSON.parse(line) as { error?: { message?: string; cause?: { message?: string } } }
    return error ? [[error.message, error.cause?.message].filter(Boolean).join(': ')] : []
  })
  return messages.join('; ')
}

const run = promisify(execFile)

/**
 * The first `mc` on a search path that is MinIO's: Midnight Commander has the same name.
 *
 * **Shape**: `mc version RELEASE.2025-… (commit-id=…)`.
 */
export async function findMc(path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter).filter(Boolean)) {
    const file = join(folder, 'mc')
    const { stdout } = await run(file, ['--version'], { timeout: stretched(20 * SECOND_MS) }).catch(() => ({
      stdout: '',
    }))
    if (stdout.startsWith('mc version ')) return file
  }
  return undefined
}

/**
 * Calls `work` with a folder that only this user can enter, and removes it afterwards, however this process ends.
 *
 * @remarks A shell in its own session waits for the end of its input, which comes also when this process is killed, and
 * then removes the folder. So no handlers for signals are needed, which belong to the program and not to a library (and
 * SIGKILL has none).
 */
async function withPrivateFolder<T>(prefix: string, work: (path: string) => Promise<T>): Promise<T> {
  const path = await mkdtemp(join(tmpdir(), prefix))
  try {
    const guard = spawn('/bin/sh', ['-c', 'read -r _; rm -rf -- "$1"', 'sh', path], {
      // Its own group: a Ctrl-C in the terminal must not end it first.
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { PATH: '/usr/bin:/bin' },
    })
    guard.stdin.on('error', () => undefined)
    await once(guard, 'spawn')
    const ended = once(guard, 'close')
    try {
      return await work(path)
    } finally {
      guard.stdin.end()
      await ended
    }
  } finally {
    await rm(path, { recursive: true, force: true })
  }
}
