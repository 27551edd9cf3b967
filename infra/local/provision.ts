/** Makes buckets, accounts and bindings by the runtime's own `setup`, as a child process with the root account. @module */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { ConfigError } from '../../runtime/errors.ts'
import type { LocalCredentials } from './credentials.ts'
import { createMc } from './mc.ts'
import { eventTargetEnv, type EventTargets } from './minio.ts'
import { boundToParent } from './server.ts'

export interface ProvisionOptions {
  readonly rootDir: string
  /** Of the runtime; the two other accounts are added for this one process. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly credentials: LocalCredentials
  readonly mcProgram: string
}

/** @throws {ConfigError} when settings are wrong; Error with the end of its output when it fails otherwise */
export async function provision(options: ProvisionOptions): Promise<void> {
  const { root, uploader } = options.credentials
  const [command, ...args] = await boundToParent([
    process.execPath,
    '--import',
    'tsx',
    join(options.rootDir, 'runtime', 'main.ts'),
    'setup',
  ])
  const child = spawn(command, args, {
    cwd: options.rootDir,
    env: {
      ...options.env,
      MINIO_ROOT_USER: root.accessKey,
      MINIO_ROOT_PASSWORD: root.secretKey,
      MINIO_UPLOADER_ACCESS_KEY: uploader.accessKey,
      MINIO_UPLOADER_SECRET_KEY: uploader.secretKey,
      // In front, because another program is called mc too.
      PATH: [dirname(options.mcProgram), options.env['PATH']].filter(Boolean).join(delimiter),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ])
  const output = `${stdout}${stderr}`.trim()
  if (code === 2) throw new ConfigError(output.split('\n'))
  if (code !== 0) throw new Error(`setting up MinIO failed with exit code ${code}:\n${output}`)
}

/**
 * Refuses a MinIO that was started without our event targets, which cannot be added from outside without a restart.
 *
 * @throws {Error} with the exact lines for its environment
 */
export async function checkTargets(
  mcProgram: string,
  endpoint: string,
  root: LocalCredentials['root'],
  targets: Omit<EventTargets, 'queueDir'>,
): Promise<void> {
  const configDir = await mkdtemp(join(tmpdir(), 'sluice-mc-'))
  try {
    const mc = createMc(mcProgram, configDir)
    await mc.setAlias('given', endpoint, root)
    const missing = missingTargets(await mc.run('admin', 'info', '--json', 'given'), targets.isStrict)
    if (missing.length > 0) throw new Error(targetAdvice(endpoint, missing, targets))
  } finally {
    await rm(configDir, { recursive: true, force: true })
  }
}

/** Shape of `mc admin info --json`: `{"info":{"sqsARN":["arn:minio:sqs::FAST:redis", …], …}}`. */
export function missingTargets(adminInfo: string, isStrict: boolean): string[] {
  const { info } = JSON.parse(adminInfo) as { info?: { sqsARN?: readonly string[] } }
  const wanted = isStrict ? ['DURABLE'] : ['FAST', 'DURABLE']
  return wanted.filter((id) => !info?.sqsARN?.some((arn) => arn.endsWith(`:${id}:redis`)))
}

export function targetAdvice(
  endpoint: string,
  missing: readonly string[],
  targets: Omit<EventTargets, 'queueDir'>,
): string {
  const password = targets.redisPassword && '<the password of that Redis>'
  const env = eventTargetEnv({
    ...targets,
    redisPassword: password,
    queueDir: '/var/lib/minio-events/sluice',
  })
  return [
    `The MinIO at ${endpoint} has no event target ${missing.join(' and ')}. Add these lines to its environment and restart it:`,
    ...Object.entries(env).map(([name, value]) => `  ${name}="${value}"`),
    'The queue folder must be on a disk that stays, and writable for MinIO; the address is that of Redis as MinIO sees it.',
  ].join('\n')
}
