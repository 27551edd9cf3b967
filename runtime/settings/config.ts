/** The settings of a process, from environment variables (in README.md as a table). All that is wrong is listed at once. @module */
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import {
  functionOptions,
  host,
  isLoopback,
  minioEndpoint,
  names,
  redisUrl,
  ROLES,
  roles,
  token,
  type Role,
  by,
  count,
  duration,
  durationWithin,
  parsed,
} from './values.ts'
import { ConfigError } from '../errors.ts'
import { isGiven, readSettingFiles, type Environment } from './files.ts'
import { parseSizeBytes } from '../amounts.ts'
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../time.ts'
import './zod-words.ts'

const schema = z.object({
  REDIS_URL: parsed(redisUrl, 'redis://127.0.0.1:6379'),
  MINIO_ENDPOINT: parsed(minioEndpoint, 'http://127.0.0.1:9000'),
  MINIO_PUBLIC_ENDPOINT: z.string().transform(by(minioEndpoint)).optional(),
  MINIO_REGION: z.string().min(1).default('us-east-1'),
  MINIO_ACCESS_KEY: z.string().min(3).optional(),
  MINIO_SECRET_KEY: z.string().min(8).optional(),
  MINIO_ROOT_USER: z.string().min(3).optional(),
  MINIO_ROOT_PASSWORD: z.string().min(8).optional(),
  MINIO_UPLOADER_ACCESS_KEY: z.string().min(3).optional(),
  MINIO_UPLOADER_SECRET_KEY: z.string().min(8).optional(),
  MINIO_METRICS_ACCESS_KEY: z.string().min(3).optional(),
  MINIO_METRICS_SECRET_KEY: z.string().min(8).optional(),
  SLUICE_NAME: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,30}$/, 'lower-case letters, digits and hyphens')
    .default('sluice'),
  SLUICE_ROLES: parsed(roles, ROLES.join(',')),
  SLUICE_WORKERS: count(1, 256, Math.max(1, Math.floor(availableParallelism() / 2))),
  SLUICE_FUNCTIONS: parsed(names, ''),
  SLUICE_FUNCTIONS_FILE: z.string().min(1).optional(),
  SLUICE_OPTIONS: parsed(functionOptions, '{}'),
  SLUICE_API_HOST: parsed(host, '127.0.0.1'),
  SLUICE_API_PORT: count(0, 65_535, 8080),
  // Of the command line, which reads them itself: where the runtime answers, and by which token it asks.
  SLUICE_API_URL: z.string().optional(),
  SLUICE_TOKEN: z.string().optional(),
  SLUICE_TOKEN_READER: z.string().transform(by(token)).optional(),
  SLUICE_TOKEN_OPERATOR: z.string().transform(by(token)).optional(),
  SLUICE_TOKEN_ADMIN: z.string().transform(by(token)).optional(),
  SLUICE_STRICT_EVENTS: z.enum(['on', 'off']).default('off'),
  SLUICE_LEASE: duration('30s', ['1s', SECOND_MS], ['1d', DAY_MS]),
  // Node's timers hold 24 days and end at once when asked for more.
  SLUICE_DRAIN: duration('30s', ['0s', 0], ['1d', DAY_MS]),
  SLUICE_RETENTION: duration('7d', ['1m', MINUTE_MS], ['3650d', 3_650 * DAY_MS]),
  SLUICE_RETENTION_RUNS: count(100, 10_000_000, 100_000),
  SLUICE_SWEEP_EVERY: duration('5m', ['1s', SECOND_MS], ['1d', DAY_MS]),
  SLUICE_SWEEP_FULL_EVERY: duration('1d', ['1m', MINUTE_MS], ['30d', 30 * DAY_MS]),
  SLUICE_RESULTS_KEPT: z
    .string()
    .transform(by(durationWithin(['1m', MINUTE_MS], ['3650d', 3_650 * DAY_MS])))
    .optional(),
  SLUICE_SWEEP_GRACE: duration('1m', ['0s', 0], ['1d', DAY_MS]),
  // Of the functions on media, which read it themselves (`functions/ffmpeg/sandbox/media-budget.ts`).
  SLUICE_MEDIA_MEMORY: z.string().transform(by(parseSizeBytes)).optional(),
  SLUICE_SCRATCH_DIR: z.string().min(1).default(join(tmpdir(), 'sluice')),
  SLUICE_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  SLUICE_LOG_FORMAT: z.enum(['json', 'text']).default('json'),
})

/** Settings of `npm start` alone, which reads them itself: everybody else knows the names and leaves them alone. */
export const LOCAL_SETTINGS = [
  'SLUICE_LOCAL_DIR',
  'SLUICE_LOCAL_REDIS_PORT',
  'SLUICE_LOCAL_MINIO_PORT',
  'SLUICE_LOCAL_CONSOLE_PORT',
] as const

export interface Credentials {
  readonly accessKey: string
  readonly secretKey: string
}

/** What a caller of the HTTP interface may be; each may do what the ones before it may. */
export const TOKEN_ROLES = ['reader', 'operator', 'admin'] as const
export type TokenRole = (typeof TOKEN_ROLES)[number]
/** The bearer token of each role; without any, everybody who reaches the interface may do everything. */
export type Tokens = Readonly<Partial<Record<TokenRole, string | undefined>>>

export interface Config {
  readonly redisUrl: string
  readonly minioEndpoint: string
  /** Under which people reach MinIO: in links to results. */
  readonly minioPublicEndpoint: string
  readonly minioRegion: string
  /** What the runtime works with; undefined when only set-up is asked for. */
  readonly runtimeCredentials: Credentials | undefined
  /** What set-up works with; the runtime itself never uses them. */
  readonly rootCredentials: Credentials | undefined
  readonly uploaderCredentials: Credentials | undefined
  /** Of Prometheus, which reads MinIO's metrics and nothing else. */
  readonly metricsCredentials: Credentials | undefined
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
  readonly tokens: Tokens
  readonly isStrictEvents: boolean
  readonly leaseMs: number
  readonly drainMs: number
  readonly retentionMs: number
  readonly retentionRuns: number
  /** How often the sweep looks at what is new, and at everything. */
  readonly sweepEveryMs: number
  readonly sweepFullEveryMs: number
  /** How long an upload is left to its event before the sweep takes it up. */
  readonly sweepGraceMs: number
  /** The sweep does not make results of older uploads again; undefined: those of all. */
  readonly resultsKeptMs: number | undefined
  readonly scratchDir: string
  readonly logLevel: z.output<typeof schema>['SLUICE_LOG_LEVEL']
  readonly logFormat: 'json' | 'text'
}

/** What the environment says, as far as it can be understood. */
export interface ConfigReading {
  /** Where a setting is wrong, this has its default: good for looking for more that is wrong, not for starting. */
  readonly config: Config
  /** One a wrong or unknown setting; no value of a secret is in its text. */
  readonly issues: readonly string[]
}

/**
 * The settings in `env`.
 *
 * @throws {ConfigError} with every issue of {@link readConfig}
 */
export function loadConfig(env: Environment): Config {
  const { config, issues } = readConfig(env)
  if (issues.length > 0) throw new ConfigError(issues)
  return config
}

/** The settings in `env`, and all that is wrong with them. An unknown name that begins with `SLUICE_` is a misspelt one. */
export function readConfig(environment: Environment): ConfigReading {
  const { env, issues: ofFiles } = readSettingFiles(environment)
  const known = Object.keys(schema.shape)
  const ours = [...known.filter((name) => name.startsWith('SLUICE_')), ...LOCAL_SETTINGS]
  const unknown = Object.keys(env).filter((name) => name.startsWith('SLUICE_') && !ours.includes(name))
  const given = Object.fromEntries(known.filter((name) => env[name]).map((name) => [name, env[name]]))
  const result = schema.safeParse(given)
  const wrong = result.error?.issues ?? []
  for (const { path } of wrong) delete given[String(path[0])]
  const config = toConfig(result.success ? result.data : schema.parse(given))
  return {
    config,
    issues: [
      ...ofFiles,
      ...unknown.map((name) => `${name}: unknown setting; known are ${ours.join(', ')}`),
      ...wrong.map(({ path, message }) => `${path.join('.')}: ${message}`),
      ...PAIRS.filter(([user, secret]) => isGiven(environment, user) !== isGiven(environment, secret)).map(
        ([user, secret]) => `${user} and ${secret}: give both or neither`,
      ),
      ...wrongAccess(config, environment),
    ],
  }
}

const PAIRS = [
  ['MINIO_ACCESS_KEY', 'MINIO_SECRET_KEY'],
  ['MINIO_ROOT_USER', 'MINIO_ROOT_PASSWORD'],
  ['MINIO_UPLOADER_ACCESS_KEY', 'MINIO_UPLOADER_SECRET_KEY'],
  ['MINIO_METRICS_ACCESS_KEY', 'MINIO_METRICS_SECRET_KEY'],
] as const

const TOKEN_NAMES = ['SLUICE_TOKEN_READER', 'SLUICE_TOKEN_OPERATOR', 'SLUICE_TOKEN_ADMIN'] as const

/** Who may call, seen over all settings. A token that is wrong by itself counts here as one that is there. */
function wrongAccess({ apiHost, tokens }: Config, env: Environment): readonly string[] {
  const all = TOKEN_ROLES.flatMap((role) => tokens[role] ?? [])
  const isOpen = TOKEN_NAMES.every((name) => !isGiven(env, name)) && !isLoopback(apiHost)
  return [
    ...(new Set(all).size < all.length
      ? [`${TOKEN_NAMES.join(', ')}: no two roles may have the same token`]
      : []),
    ...(isOpen
      ? [
          `SLUICE_API_HOST: others reach ${apiHost}, and without a token everybody may do everything: set SLUICE_TOKEN_ADMIN (16 characters or more, such as \`openssl rand -hex 24\` prints), or listen on 127.0.0.1`,
        ]
      : []),
  ]
}

function toConfig(data: z.output<typeof schema>): Config {
  const credentials = (user: string | undefined, secret: string | undefined) =>
    user && secret ? { accessKey: user, secretKey: secret } : undefined
  return {
    redisUrl: data.REDIS_URL,
    minioEndpoint: data.MINIO_ENDPOINT,
    minioPublicEndpoint: data.MINIO_PUBLIC_ENDPOINT ?? data.MINIO_ENDPOINT,
    minioRegion: data.MINIO_REGION,
    runtimeCredentials: credentials(data.MINIO_ACCESS_KEY, data.MINIO_SECRET_KEY),
    rootCredentials: credentials(data.MINIO_ROOT_USER, data.MINIO_ROOT_PASSWORD),
    uploaderCredentials: credentials(data.MINIO_UPLOADER_ACCESS_KEY, data.MINIO_UPLOADER_SECRET_KEY),
    metricsCredentials: credentials(data.MINIO_METRICS_ACCESS_KEY, data.MINIO_METRICS_SECRET_KEY),
    name: data.SLUICE_NAME,
    roles: data.SLUICE_ROLES,
    workers: data.SLUICE_WORKERS,
    functionNames: data.SLUICE_FUNCTIONS,
    functionsFile: data.SLUICE_FUNCTIONS_FILE,
    functionOptions: data.SLUICE_OPTIONS,
    apiHost: data.SLUICE_API_HOST,
    apiPort: data.SLUICE_API_PORT,
    tokens: {
      reader: data.SLUICE_TOKEN_READER,
      operator: data.SLUICE_TOKEN_OPERATOR,
      admin: data.SLUICE_TOKEN_ADMIN,
    },
    isStrictEvents: data.SLUICE_STRICT_EVENTS === 'on',
    leaseMs: data.SLUICE_LEASE,
    drainMs: data.SLUICE_DRAIN,
    retentionMs: data.SLUICE_RETENTION,
    retentionRuns: data.SLUICE_RETENTION_RUNS,
    sweepEveryMs: data.SLUICE_SWEEP_EVERY,
    sweepFullEveryMs: data.SLUICE_SWEEP_FULL_EVERY,
    sweepGraceMs: data.SLUICE_SWEEP_GRACE,
    resultsKeptMs: data.SLUICE_RESULTS_KEPT,
    scratchDir: data.SLUICE_SCRATCH_DIR,
    logLevel: data.SLUICE_LOG_LEVEL,
    logFormat: data.SLUICE_LOG_FORMAT,
  }
}
