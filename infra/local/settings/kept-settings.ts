/** What `npm start` leaves for the command line: the settings of its stack, in a file that only its owner reads. @module */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { LocalCredentials } from './credentials.ts'
import { PRIVATE_DIR } from './data-dir.ts'
import type { Environment } from '../../../runtime/settings/files.ts'

const ACCOUNTS = ['root', 'runtime', 'uploader'] as const
const schema = z.object({
  env: z.record(z.string(), z.string()),
  /** Those of `credentials.json` that this stack has; what a person gave is not written down. */
  accounts: z.array(z.enum(ACCOUNTS)),
})
export type KeptSettings = z.output<typeof schema>

/** Servers, and whatever decides how the runtime works; accounts are elsewhere. */
const KEPT = /^(?:SLUICE_\w+|REDIS_URL|MINIO_ENDPOINT|MINIO_REGION|FFMPEG_PATH|FFPROBE_PATH)$/
const VARIABLES = {
  root: ['MINIO_ROOT_USER', 'MINIO_ROOT_PASSWORD'],
  runtime: ['MINIO_ACCESS_KEY', 'MINIO_SECRET_KEY'],
  uploader: ['MINIO_UPLOADER_ACCESS_KEY', 'MINIO_UPLOADER_SECRET_KEY'],
} as const

/**
 * @param runtimeEnv - of the runtime, all decided
 * @param given - what the person has set
 */
export function keptSettings(runtimeEnv: Environment, given: Environment): KeptSettings {
  const entries = Object.entries(runtimeEnv).filter((entry): entry is [string, string] => Boolean(entry[1]))
  return {
    env: Object.fromEntries(entries.filter(([name]) => KEPT.test(name))),
    // A MinIO that is given has a root of its own.
    accounts: ACCOUNTS.filter(
      (account) => !given[VARIABLES[account][0]] && !(account === 'root' && given['MINIO_ENDPOINT']),
    ),
  }
}

/** At once and complete, as it is written whenever a server starts. */
export function writeKeptSettings(dataDir: string, kept: KeptSettings): void {
  mkdirSync(dataDir, { recursive: true, mode: PRIVATE_DIR })
  const path = join(dataDir, 'settings.json')
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 })
  renameSync(draft, path)
}

/**
 * Undefined when no stack was ever started here, or an older one that left nothing.
 *
 * @throws {Error} when it is damaged
 */
export async function readKeptSettings(dataDir: string): Promise<KeptSettings | undefined> {
  const text = await readFile(join(dataDir, 'settings.json'), 'utf8').catch(() => '')
  if (text === '') return undefined
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    const path = join(dataDir, 'settings.json')
    throw new Error(`${path} is damaged: remove it, and npm start writes it again`, { cause })
  }
}

export interface Filling {
  readonly kept: KeptSettings
  readonly credentials: LocalCredentials
  /** What is run, such as `doctor`. */
  readonly command: string | undefined
}

/** What the environment lacks; nothing that is set there is in it. Pure. */
export function filling(env: Environment, { kept, credentials, command }: Filling): Record<string, string> {
  const lacking = Object.entries(kept.env).filter(([name]) => !env[name])
  const isOurMinio = !env['MINIO_ENDPOINT'] || env['MINIO_ENDPOINT'] === kept.env['MINIO_ENDPOINT']
  // The other accounts are for these alone; what works has the runtime's only.
  const hasAll = command === 'setup' || command === 'doctor'
  const accounts = kept.accounts.filter(
    (account) =>
      isOurMinio && (hasAll || account === 'runtime') && VARIABLES[account].every((name) => !env[name]),
  )
  return {
    ...Object.fromEntries(lacking),
    // The port of the stack is taken by its runtime.
    ...(command === 'worker' && !env['SLUICE_API_PORT'] && { SLUICE_API_PORT: '0' }),
    ...Object.fromEntries(
      accounts.flatMap((account) => {
        const { accessKey, secretKey } = credentials[account]
        const [user, secret] = VARIABLES[account]
        return [
          [user, accessKey],
          [secret, secretKey],
        ]
      }),
    ),
  }
}
