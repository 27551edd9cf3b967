/** The settings of the stack of `npm start`, kept for the command line in a file that only its owner can read. @module */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { LocalCredentials } from './credentials.ts'
import { PRIVATE_DIR } from './data-dir.ts'
import type { Environment } from '../../../runtime/settings/files.ts'

const ACCOUNTS = ['root', 'runtime', 'uploader', 'streams'] as const
const schema = z.object({
  env: z.record(z.string(), z.string()),
  /** The accounts of `credentials.json` that this stack uses; accounts from the environment are not stored. */
  accounts: z.array(z.enum(ACCOUNTS)),
})
export type KeptSettings = z.output<typeof schema>

/** Servers, and all settings of the runtime; accounts are elsewhere. */
const KEPT = /^(?:SLUICE_\w+|REDIS_URL|MINIO_ENDPOINT|MINIO_REGION|FFMPEG_PATH|FFPROBE_PATH)$/
const VARIABLES = {
  root: ['MINIO_ROOT_USER', 'MINIO_ROOT_PASSWORD'],
  runtime: ['MINIO_ACCESS_KEY', 'MINIO_SECRET_KEY'],
  uploader: ['MINIO_UPLOADER_ACCESS_KEY', 'MINIO_UPLOADER_SECRET_KEY'],
  streams: ['MINIO_STREAMS_ACCESS_KEY', 'MINIO_STREAMS_SECRET_KEY'],
} as const

/**
 * @param runtimeEnv - the complete environment of the runtime
 * @param given - the user's own environment
 */
export function keptSettings(runtimeEnv: Environment, given: Environment): KeptSettings {
  const entries = Object.entries(runtimeEnv).filter((entry): entry is [string, string] => Boolean(entry[1]))
  return {
    env: Object.fromEntries(entries.filter(([name]) => KEPT.test(name))),
    // A given MinIO has its own root account.
    accounts: ACCOUNTS.filter(
      (account) => !given[VARIABLES[account][0]] && !(account === 'root' && given['MINIO_ENDPOINT']),
    ),
  }
}

/** Writes synchronously and atomically, since it is called whenever a server starts. */
export function writeKeptSettings(dataDir: string, kept: KeptSettings): void {
  mkdirSync(dataDir, { recursive: true, mode: PRIVATE_DIR })
  const path = join(dataDir, 'settings.json')
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 })
  renameSync(draft, path)
}

/**
 * Undefined if no stack was ever started here, or only an older version that left nothing.
 *
 * @throws {Error} if the file is damaged
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
  /** The command, such as `doctor`. */
  readonly command: string | undefined
}

/** Settings that are missing in the environment; set ones are never replaced. Pure. */
export function filling(env: Environment, { kept, credentials, command }: Filling): Record<string, string> {
  const lacking = Object.entries(kept.env).filter(([name]) => !env[name])
  const isOurMinio = !env['MINIO_ENDPOINT'] || env['MINIO_ENDPOINT'] === kept.env['MINIO_ENDPOINT']
  // Only these commands get all accounts; the others get the runtime's, and that which receives streams where they are received.
  const hasAll = command === 'setup' || command === 'doctor'
  const isNeeded = (account: (typeof ACCOUNTS)[number]) =>
    hasAll || account === 'runtime' || (account === 'streams' && command === 'start')
  const accounts = kept.accounts.filter(
    (account) => isOurMinio && isNeeded(account) && VARIABLES[account].every((name) => !env[name]),
  )
  return {
    ...Object.fromEntries(lacking),
    // The stack's runtime uses the stack's port.
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
