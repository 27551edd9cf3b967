/** The settings of a process, from environment variables (docs/settings.md has the table). All issues are listed at once. @module */
import { relative, resolve } from 'node:path'
import type { z } from 'zod'
import { ConfigError } from '../errors.ts'
import { isGiven, readSettingFiles, type Environment } from './files.ts'
import { LOCAL_SETTINGS, settingsSchema as schema } from './schema.ts'
import type { StreamSettings } from './streams.ts'
import type { Network } from './trusted-proxies.ts'
import { isLoopback, type Role } from './values.ts'

export interface Credentials {
  readonly accessKey: string
  readonly secretKey: string
}

/** The roles of callers of the HTTP interface; each includes the rights of those before it. */
export const TOKEN_ROLES = ['reader', 'operator', 'admin'] as const
export type TokenRole = (typeof TOKEN_ROLES)[number]
/** The bearer token of each role; without any, every caller may do everything. */
export type Tokens = Readonly<Partial<Record<TokenRole, string | undefined>>>

export interface Config {
  readonly redisUrl: string
  readonly minioEndpoint: string
  /** MinIO's address for people, in links to results. */
  readonly minioPublicEndpoint: string
  readonly minioRegion: string
  /** The runtime's own account; undefined when only setup is to run. */
  readonly runtimeCredentials: Credentials | undefined
  /** The account that setup uses; the runtime itself never does. */
  readonly rootCredentials: Credentials | undefined
  readonly uploaderCredentials: Credentials | undefined
  /** The account of Prometheus, which may read MinIO's metrics and nothing else. */
  readonly metricsCredentials: Credentials | undefined
  /** The account of the role `streams`, which may write pieces and playlists and nothing else. */
  readonly streamsCredentials: Credentials | undefined
  /** The prefix of every Redis key, as `{name}:`. */
  readonly name: string
  readonly roles: readonly Role[]
  readonly workers: number
  /** Names of the functions that this process's workers serve; empty for all. */
  readonly functionNames: readonly string[]
  /** A list of functions to use instead of `functions/index.ts`. */
  readonly functionsFile: string | undefined
  /** Options by function, over the defaults and under the object's metadata. */
  readonly functionOptions: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** Names of functions that run for every object that they match, though they run only when asked by themselves. */
  readonly make: readonly string[]
  /** The same for keys that match a glob: the names of functions by glob. */
  readonly makeRules: Readonly<Record<string, readonly string[]>>
  readonly apiHost: string
  readonly apiPort: number
  /** Precedes the path of every page and of the API behind a proxy: empty, or such as `/sluice`. */
  readonly basePath: string
  /** Networks of proxies whose headers about callers are believed. */
  readonly trustedProxies: readonly Network[]
  /** Where people reach the console, without a slash at the end; undefined: at the API's address. */
  readonly consoleUrl: string | undefined
  /** Without a slash at the end; a path is on the console's own host. */
  readonly grafanaUrl: string | undefined
  readonly tokens: Tokens
  readonly streams: StreamSettings
  readonly isStrictEvents: boolean
  readonly leaseMs: number
  readonly drainMs: number
  readonly retentionMs: number
  readonly retentionRuns: number
  /** The interval of sweeps over recent uploads, and over all. */
  readonly sweepEveryMs: number
  readonly sweepFullEveryMs: number
  /** How long the sweep waits for an upload's event before it picks the upload up. */
  readonly sweepGraceMs: number
  /** The sweep does not restore results of uploads older than this; undefined: it restores all. */
  readonly resultsKeptMs: number | undefined
  readonly scratchDir: string
  /** The folder of the stack of `npm start`, which this process is a part of; undefined elsewhere. */
  readonly localDir: string | undefined
  readonly logLevel: z.output<typeof schema>['SLUICE_LOG_LEVEL']
  readonly logFormat: 'json' | 'text'
}

/** The settings, as far as they can be read. */
export interface ConfigReading {
  /** Invalid settings have their default here: good for finding further problems, not for starting. */
  readonly config: Config
  /** One for each invalid or unknown setting; never with the value of a secret. */
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

/** Reads the settings in `env` and finds all problems. An unknown name starting with `SLUICE_` counts as misspelt. */
export function readConfig(environment: Environment): ConfigReading {
  const { env, issues: ofFiles } = readSettingFiles(environment)
  const known = Object.keys(schema.shape)
  const ours = [...known.filter((name) => name.startsWith('SLUICE_')), ...Object.keys(LOCAL_SETTINGS)]
  const unknown = Object.keys(env).filter((name) => name.startsWith('SLUICE_') && !ours.includes(name))
  const given = Object.fromEntries(known.filter((name) => env[name]).map((name) => [name, env[name]]))
  const result = schema.safeParse(given)
  const wrong = result.error?.issues ?? []
  for (const { path } of wrong) delete given[String(path[0])]
  const config = {
    ...toConfig(result.success ? result.data : schema.parse(given)),
    localDir: env['SLUICE_LOCAL_DIR'] || undefined,
  }
  return {
    config,
    issues: [
      ...ofFiles,
      ...unknown.map((name) => `${name}: unknown setting; known are ${ours.join(', ')}`),
      ...wrong.map(({ path, message }) => `${path.join('.')}: ${message}`),
      ...PAIRS.filter(([user, secret]) => isGiven(environment, user) !== isGiven(environment, secret)).map(
        ([user, secret]) => `${user} and ${secret}: set both or neither`,
      ),
      ...wrongAccess(config, environment),
      ...wrongSpool(config),
    ],
  }
}

const PAIRS = [
  ['MINIO_ACCESS_KEY', 'MINIO_SECRET_KEY'],
  ['MINIO_ROOT_USER', 'MINIO_ROOT_PASSWORD'],
  ['MINIO_UPLOADER_ACCESS_KEY', 'MINIO_UPLOADER_SECRET_KEY'],
  ['MINIO_METRICS_ACCESS_KEY', 'MINIO_METRICS_SECRET_KEY'],
  ['MINIO_STREAMS_ACCESS_KEY', 'MINIO_STREAMS_SECRET_KEY'],
] as const

const TOKEN_NAMES = ['SLUICE_TOKEN_READER', 'SLUICE_TOKEN_OPERATOR', 'SLUICE_TOKEN_ADMIN'] as const

/** Problems of access control that concern several settings. An invalid token counts here as set. */
function wrongAccess({ apiHost, tokens }: Config, env: Environment): readonly string[] {
  const all = TOKEN_ROLES.flatMap((role) => tokens[role] ?? [])
  const isOpen = TOKEN_NAMES.every((name) => !isGiven(env, name)) && !isLoopback(apiHost)
  return [
    ...(new Set(all).size < all.length
      ? [`${TOKEN_NAMES.join(', ')}: no two roles may have the same token`]
      : []),
    ...(isOpen
      ? [
          `SLUICE_API_HOST: other machines can reach ${apiHost}, and without a token every caller may do everything: set SLUICE_TOKEN_ADMIN (16 characters or more, such as \`openssl rand -hex 24\` prints), or listen on 127.0.0.1`,
        ]
      : []),
  ]
}

/** The folders of ended runtimes are removed, and what is in the spool is nowhere else. */
function wrongSpool({ roles, scratchDir, streams }: Config): readonly string[] {
  if (!roles.includes('streams')) return []
  const isOutside = relative(resolve(scratchDir), resolve(streams.spoolDir)).startsWith('..')
  return isOutside
    ? []
    : [
        `SLUICE_STREAMS_SPOOL_DIR: ${streams.spoolDir} is in SLUICE_SCRATCH_DIR, which is emptied: choose another folder`,
      ]
}

function toConfig(data: z.output<typeof schema>): Omit<Config, 'localDir'> {
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
    streamsCredentials: credentials(data.MINIO_STREAMS_ACCESS_KEY, data.MINIO_STREAMS_SECRET_KEY),
    name: data.SLUICE_NAME,
    roles: data.SLUICE_ROLES,
    workers: data.SLUICE_WORKERS,
    functionNames: data.SLUICE_FUNCTIONS,
    functionsFile: data.SLUICE_FUNCTIONS_FILE,
    functionOptions: data.SLUICE_OPTIONS,
    make: data.SLUICE_MAKE,
    makeRules: data.SLUICE_MAKE_RULES,
    apiHost: data.SLUICE_API_HOST,
    apiPort: data.SLUICE_API_PORT,
    basePath: data.SLUICE_BASE_PATH,
    trustedProxies: data.SLUICE_TRUSTED_PROXIES,
    consoleUrl: data.SLUICE_CONSOLE_URL,
    grafanaUrl: data.SLUICE_GRAFANA_URL,
    tokens: {
      reader: data.SLUICE_TOKEN_READER,
      operator: data.SLUICE_TOKEN_OPERATOR,
      admin: data.SLUICE_TOKEN_ADMIN,
    },
    streams: {
      host: data.SLUICE_STREAMS_HOST,
      port: data.SLUICE_STREAMS_PORT,
      rtmpPort: data.SLUICE_RTMP_PORT,
      srt: data.SLUICE_SRT,
      pieceSeconds: data.SLUICE_STREAMS_SECONDS,
      reconnectMs: data.SLUICE_STREAMS_RECONNECT,
      stallMs: data.SLUICE_STREAMS_STALL,
      sessionMs: data.SLUICE_STREAMS_SESSION,
      most: data.SLUICE_STREAMS_MAX,
      spoolDir: data.SLUICE_STREAMS_SPOOL_DIR,
      spoolLimitBytes: data.SLUICE_STREAMS_SPOOL_LIMIT,
      onFull: data.SLUICE_STREAMS_ON_FULL,
      pullHosts: data.SLUICE_STREAMS_PULL_HOSTS,
      windowMs: data.SLUICE_STREAMS_WINDOW,
      join: data.SLUICE_STREAMS_JOIN === 'off' ? undefined : data.SLUICE_STREAMS_JOIN,
      functionNames: data.SLUICE_STREAMS_FUNCTIONS,
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
