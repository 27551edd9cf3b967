/** Secrets may be given as the path of a file that holds them: `MINIO_SECRET_KEY_FILE` for `MINIO_SECRET_KEY`. @module */
import { readFileSync } from 'node:fs'

export type Environment = Readonly<Record<string, string | undefined>>

/** Only these: another setting has nothing to hide, and `SLUICE_FUNCTIONS_FILE` is something else. */
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
  'SLUICE_TOKEN',
  'SLUICE_TOKEN_READER',
  'SLUICE_TOKEN_OPERATOR',
  'SLUICE_TOKEN_ADMIN',
] as const
type Secret = (typeof SECRETS)[number]

export const FILE_SETTINGS: readonly string[] = SECRETS.map(fileSettingOf)

/** A name of file settings, such as `SLUICE_TOKEN_FILE`. */
export function fileSettingOf(name: string): string {
  return `${name}_FILE`
}

export interface FileReading {
  /** With what the files hold, without the names of the files. */
  readonly env: Environment
  /** One a file that cannot be used; nothing that is in it is told. */
  readonly issues: readonly string[]
}

/**
 * Reads the files that are named. Each process does so by itself: handed on as a value, a secret would stand in the
 * environment of its children.
 */
export function readSettingFiles(env: Environment): FileReading {
  const values: Record<string, string> = {}
  const issues: string[] = []
  for (const name of SECRETS) {
    const path = env[fileSettingOf(name)]
    if (!path) continue
    const result = env[name] ? { issue: `${name} is given too: give one of both` } : readSecret(path)
    if ('issue' in result) issues.push(`${fileSettingOf(name)}: ${result.issue}`)
    else values[name] = result.text
  }
  const rest = Object.fromEntries(Object.entries(env).filter(([name]) => !FILE_SETTINGS.includes(name)))
  return { env: { ...rest, ...values }, issues }
}

/** Whether it is given, in one way or the other. */
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
