/** Secrets may be given as the path of a file that holds them: `MINIO_SECRET_KEY_FILE` for `MINIO_SECRET_KEY`. @module */
import { readFileSync } from 'node:fs'

export type Environment = Readonly<Record<string, string | undefined>>

/** Only these: other settings hold no secret, and `SLUICE_FUNCTIONS_FILE` has another meaning. */
const SECRETS = [
  'REDIS_URL',
  'MINIO_ACCESS_KEY',
  'MINIO_SECRET_KEY',
  'MINIO_ROOT_USER',
  'MINIO_ROOT_PASSWORD',
  'MINIO_UPLOADER_ACCESS_KEY',
  'MINIO_UPLOADER_SECRET_KEY',
  'MINIO_METRICS_ACCESS_KEY',
  'MINIO_METRICS_SECRET_KEY',
  'MINIO_STREAMS_ACCESS_KEY',
  'MINIO_STREAMS_SECRET_KEY',
  'SLUICE_TOKEN',
  'SLUICE_TOKEN_READER',
  'SLUICE_TOKEN_OPERATOR',
  'SLUICE_TOKEN_ADMIN',
] as const
type Secret = (typeof SECRETS)[number]

export const FILE_SETTINGS: readonly string[] = SECRETS.map(fileSettingOf)

/** The setting that names a file, such as `SLUICE_TOKEN_FILE`. */
export function fileSettingOf(name: string): string {
  return `${name}_FILE`
}

export interface FileReading {
  /** The environment with the contents of the files instead of their paths. */
  readonly env: Environment
  /** One for each file that cannot be used; never with its contents. */
  readonly issues: readonly string[]
}

/**
 * Reads the named files. Each process does so itself: passed on as a value, a secret would be in the environment of its
 * children.
 */
export function readSettingFiles(env: Environment): FileReading {
  const values: Record<string, string> = {}
  const issues: string[] = []
  for (const name of SECRETS) {
    const path = env[fileSettingOf(name)]
    if (!path) continue
    const result = env[name] ? { issue: `${name} is set too: set only one of them` } : readSecret(path)
    if ('issue' in result) issues.push(`${fileSettingOf(name)}: ${result.issue}`)
    else values[name] = result.text
  }
  const rest = Object.fromEntries(Object.entries(env).filter(([name]) => !FILE_SETTINGS.includes(name)))
  return { env: { ...rest, ...values }, issues }
}

/** Whether the setting is given, as a value or as a file. */
export function isGiven(env: Environment, name: string): boolean {
  return Boolean(env[name] || (SECRETS.includes(name as Secret) && env[fileSettingOf(name)]))
}

function readSecret(path: string): { readonly text: string } | { readonly issue: string } {
  try {
    // Editors and `echo` end a file with a new line.
    const text = readFileSync(path, 'utf8').replace(/\r?\n$/, '')
    return text === '' ? { issue: `${path} is empty` } : { text }
  } catch (error) {
    return { issue: `${path} cannot be read (${(error as NodeJS.ErrnoException).code})` }
  }
}
