/** Users and their policies in MinIO, by its own tool `mc`: there is no S3 call for them. @module */
import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Credentials } from '../../settings/config.ts'
import { ConfigError } from '../../errors.ts'
import { MINUTE_MS } from '../../time.ts'
import type { Policy } from './policies.ts'
import { withPrivateFolder } from './private-folder.ts'

export interface UsersOptions {
  /** Path of `mc`. */
  readonly mcPath: string
  readonly endpoint: string
  readonly rootCredentials: Credentials
}

export interface User {
  readonly credentials: Credentials
  readonly policyName: string
  readonly policy: Policy
}

/**
 * Makes each user with its policy, or brings them up to date.
 *
 * @throws {ConfigError} when MinIO refuses; no secret is in its text
 */
export async function createUsers(options: UsersOptions, users: readonly User[]): Promise<void> {
  await withPrivateFolder('sluice-mc-', async (dir) => {
    // Not MC_HOST_<alias>: mc takes the secret there apart at ":" and "@", and does not decode it.
    await writeFile(join(dir, 'config.json'), aliasConfig(options), { mode: 0o600 })
    for (const { credentials, policyName, policy } of users) {
      const { accessKey, secretKey } = credentials
      const path = join(dir, `${policyName}.json`)
      await writeFile(path, JSON.stringify(policy))
      const run = (args: readonly string[], input = '') => runMc(options, dir, args, { input, secretKey })
      await run(['policy', 'create', ALIAS, policyName, path])
      // The secret goes by standard input: anybody may read the command lines of a machine.
      await run(['user', 'add', ALIAS, accessKey], `${secretKey}\n`)
      await run(['policy', 'attach', ALIAS, policyName, '--user', accessKey])
    }
  })
}

const ALIAS = 'sluice'

function aliasConfig({ endpoint, rootCredentials }: UsersOptions): string {
  const alias = { url: endpoint, ...rootCredentials, api: 'S3v4', path: 'on' }
  return JSON.stringify({ version: '10', aliases: { [ALIAS]: alias } })
}

interface McCall {
  readonly input: string
  readonly secretKey: string
}

async function runMc(
  options: UsersOptions,
  dir: string,
  args: readonly string[],
  call: McCall,
): Promise<void> {
  const child = spawn(options.mcPath, ['--json', '--config-dir', dir, 'admin', ...args], {
    env: { HOME: dir, MC_CONFIG_DIR: dir },
    stdio: 'pipe',
    timeout: MINUTE_MS,
    killSignal: 'SIGKILL',
  })
  // A tool that ends before it has read everything says why by itself.
  child.stdin.on('error', () => undefined)
  child.stdin.end(call.input)
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(code === 0 ? '' : `it ended with ${signal ?? code}`))
  })
  const [stdout, stderr, failure] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  if (failure === '') return
  const secrets = [call.secretKey, options.rootCredentials.secretKey]
  const reason = secrets.reduce((all, secret) => all.replaceAll(secret, '***'), reasonIn(stdout + stderr))
  throw new ConfigError([
    `MinIO at ${options.endpoint}: "mc admin ${args.slice(0, 2).join(' ')}" for ${JSON.stringify(args.at(-1))} failed: ${reason || failure}`,
  ])
}

/** mc answers in JSON lines, of which only the error is fit to be shown: a success repeats the secret. */
function reasonIn(output: string): string {
  const messages = output.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return []
    const { error } = JSON.parse(line) as { error?: { message?: string; cause?: { message?: string } } }
    return error ? [[error.message, error.cause?.message].filter(Boolean).join(': ')] : []
  })
  return messages.join('; ')
}
