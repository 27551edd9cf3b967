/**
 * The settings of a process, read from environment variables. Every wrong or unknown one is listed at once.
 * The table in README.md is this file in prose.
 * @module
 */
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { ConfigError, messageOf } from './errors.ts'
import { parseDurationMs } from './time.ts'

export const ROLES = ['api', 'intake', 'worker'] as const
export type Role = (typeof ROLES)[number]

/** A setting as text that `parse` understands; what it throws becomes the issue. */
function parsed<T>(parse: (text: string) => T, fallback: string) {
  return z
    .string()
    .default(fallback)
    .transform((text, context) => {
      try {
        return parse(text)
      } catch (error) {
        context.addIssue({ code: 'custom', message: messageOf(error) })
        return z.NEVER
      }
    })
}

const url =
  (...protocols: readonly string[]) =>
  (text: string) => {
    const isFit = URL.canParse(text) && protocols.includes(new URL(text).protocol)
    if (!isFit)
      throw new RangeError(`no URL that begins with ${protocols.map((name) => `${name}//`).join(' or ')}`)
    return text.replace(/\/$/, '')
  }

const names = (text: string) =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)

function roles(text: string): readonly Role[] {
  const wrong = names(text).filter((name) => !ROLES.includes(name as Role))
  if (wrong.length > 0 || text === '')
    throw new RangeError(`"${wrong.join(',')}": valid are ${ROLES.join(', ')}`)
  return names(text) as Role[]
}

const count = (min: number, max: number, fallback: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback)

const options = z.record(z.string(), z.record(z.string(), z.unknown()))

const schema = z.object({
  REDIS_URL: parsed(url('redis:', 'rediss:'), 'redis://127.0.0.1:6379'),
  MINIO_ENDPOINT: parsed(url('http:', 'https:'), 'http://127.0.0.1:9000'),
  MINIO_REGION: z.string().min(1).default('us-east-1'),
  MINIO_ACCESS_KEY: z.string().min(3).optional(),
  MINIO_SECRET_KEY: z.string().min(8).optional(),
  MINIO_ROOT_USER: z.string().min(3).optional(),
  MINIO_ROOT_PASSWORD: z.string().min(8).optional(),
  MINIO_UPLOADER_ACCESS_KEY: z.string().min(3).optional(),
  MINIO_UPLOADER_SECRET_KEY: z.string().min(8).optional(),
  SLUICE_NAME: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,30}$/, 'lower-case letters, digits and hyphens')
    .default('sluice'),
  SLUICE_ROLES: parsed(roles, ROLES.join(',')),
  SLUICE_WORKERS: count(1, 256, Math.max(1, Math.floor(availableParallelism() / 2))),
  SLUICE_FUNCTIONS: parsed(names, ''),
  SLUICE_FUNCTIONS_FILE: z.string().min(1).optional(),
  SLUICE_OPTIONS: parsed((text) => options.parse(JSON.parse(text)), '{}'),
  SLUICE_API_HOST: z.string().min(1).default('127.0.0.1'),
  SLUICE_API_PORT: count(0, 65_535, 8080),
  SLUICE_STRICT_EVENTS: z.enum(['on', 'off']).default('off'),
  SLUICE_LEASE: parsed(parseDurationMs, '30s'),
  SLUICE_DRAIN: parsed(parseDurationMs, '30s'),
  SLUICE_RETENTION: parsed(parseDurationMs, '7d'),
  SLUICE_RETENTION_RUNS: count(100, 10_000_000, 100_000),
  SLUICE_SCRATCH_DIR: z.string().min(1).default(join(tmpdir(), 'sluice')),
  SLUICE_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  SLUICE_LOG_FORMAT: z.enum(['json', 'text']).default('json'),
})

export interface Credentials {
  readonly accessKey: string
  readonly secretKey: string
}

export interface Config {
  readonly redisUrl: string
  readonly minioEndpoint: string
  readonly minioRegion: string
  /** What the runtime works with; undefined when only set-up is asked for. */
  readonly runtimeCredentials: Credentials | undefined
  /** What set-up works with; the runtime itself never uses them. */
  readonly rootCredentials: Credentials | undefined
  readonly uploaderCredentials: Credentials | undefined
  /** Every Redis key begins with `{name}:`. */
  readonly name: string
  readonly roles: readonly Role[]
  readonly workers: number
  /** Names of the functions that this process's workers serve; empty for all. */
  readonly functionNames: readonly string[]
  /** Another list of functions than `functions/index.ts`. */
  readonly functionsFile: string | undefined
  /** Options by function, over the defaults and under the object's metadata. */
  readonly functionOptions: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly apiHost: string
  readonly apiPort: number
  readonly isStrictEvents: boolean
  readonly leaseMs: number
  readonly drainMs: number
  readonly retentionMs: number
  readonly retentionRuns: number
  readonly scratchDir: string
  readonly logLevel: z.output<typeof schema>['SLUICE_LOG_LEVEL']
  readonly logFormat: 'json' | 'text'
}

/**
 * The settings in `env`. A name that begins with `SLUICE_` and is no setting is an issue too: it is a misspelt one.
 *
 * @throws {ConfigError} with one issue a wrong or unknown setting; no value of a secret is in its text
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const known = Object.keys(schema.shape)
  const given = Object.fromEntries(known.filter((name) => env[name]).map((name) => [name, env[name]]))
  const result = schema.safeParse(given)
  const issues = Object.keys(env)
    .filter((name) => name.startsWith('SLUICE_') && !known.includes(name))
    .map(
      (name) =>
        `${name}: unknown setting; known are ${known.filter((other) => other.startsWith('SLUICE_')).join(', ')}`,
    )
  if (!result.success)
    issues.push(...result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`))
  for (const [user, secret] of PAIRS) {
    if (Boolean(env[user]) !== Boolean(env[secret]))
      issues.push(`${user} and ${secret}: give both or neither`)
  }
  if (!result.success || issues.length > 0) throw new ConfigError(issues)
  return toConfig(result.data)
}

const PAIRS = [
  ['MINIO_ACCESS_KEY', 'MINIO_SECRET_KEY'],
  ['MINIO_ROOT_USER', 'MINIO_ROOT_PASSWORD'],
  ['MINIO_UPLOADER_ACCESS_KEY', 'MINIO_UPLOADER_SECRET_KEY'],
] as const

function toConfig(data: z.output<typeof schema>): Config {
  const credentials = (user: string | undefined, secret: string | undefined) =>
    user && secret ? { accessKey: user, secretKey: secret } : undefined
  return {
    redisUrl: data.REDIS_URL,
    minioEndpoint: data.MINIO_ENDPOINT,
    minioRegion: data.MINIO_REGION,
    runtimeCredentials: credentials(data.MINIO_ACCESS_KEY, data.MINIO_SECRET_KEY),
    rootCredentials: credentials(data.MINIO_ROOT_USER, data.MINIO_ROOT_PASSWORD),
    uploaderCredentials: credentials(data.MINIO_UPLOADER_ACCESS_KEY, data.MINIO_UPLOADER_SECRET_KEY),
    name: data.SLUICE_NAME,
    roles: data.SLUICE_ROLES,
    workers: data.SLUICE_WORKERS,
    functionNames: data.SLUICE_FUNCTIONS,
    functionsFile: data.SLUICE_FUNCTIONS_FILE,
    functionOptions: data.SLUICE_OPTIONS,
    apiHost: data.SLUICE_API_HOST,
    apiPort: data.SLUICE_API_PORT,
    isStrictEvents: data.SLUICE_STRICT_EVENTS === 'on',
    leaseMs: data.SLUICE_LEASE,
    drainMs: data.SLUICE_DRAIN,
    retentionMs: data.SLUICE_RETENTION,
    retentionRuns: data.SLUICE_RETENTION_RUNS,
    scratchDir: data.SLUICE_SCRATCH_DIR,
    logLevel: data.SLUICE_LOG_LEVEL,
    logFormat: data.SLUICE_LOG_FORMAT,
  }
}
