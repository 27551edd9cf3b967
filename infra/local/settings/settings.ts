/** The settings of the local stack: its own ports, given servers, and the settings of the runtime. Pure. @module */
import { resolve } from 'node:path'
import { loadConfig, type Config, type Credentials } from '../../../runtime/settings/config.ts'
import { LOCAL_SETTINGS } from '../../../runtime/settings/schema.ts'
import { ConfigError } from '../../../runtime/errors.ts'
import type { Environment } from '../../../runtime/settings/files.ts'

type LocalPort = Exclude<keyof typeof LOCAL_SETTINGS, 'SLUICE_LOCAL_DIR'>

/** The folder in which `npm start` keeps its data. A relative path starts at the project, wherever a command is called. */
export function localDir(env: Environment, rootDir: string): string {
  return resolve(rootDir, env['SLUICE_LOCAL_DIR'] || LOCAL_SETTINGS.SLUICE_LOCAL_DIR.fallback)
}

export interface LocalSettings {
  readonly redisPort: number
  readonly minioPort: number
  readonly consolePort: number
  /** Servers that are already running; undefined if the stack starts its own. */
  readonly redisUrl: string | undefined
  readonly minioEndpoint: string | undefined
  /** The runtime's reading of this environment. */
  readonly config: Config
}

/** @throws {ConfigError} with every invalid setting, including those of the runtime */
export function loadLocalSettings(env: Environment): LocalSettings {
  const issues: string[] = []
  const port = (name: LocalPort) => {
    const value = Number(env[name] || LOCAL_SETTINGS[name].fallback)
    const isPort = Number.isInteger(value) && value >= 1 && value <= 65_535
    if (!isPort) issues.push(`${name}: "${env[name]}" is not a port: write a number from 1 to 65535`)
    return value
  }
  const [redisPort, minioPort, consolePort] = [
    port('SLUICE_LOCAL_REDIS_PORT'),
    port('SLUICE_LOCAL_MINIO_PORT'),
    port('SLUICE_LOCAL_CONSOLE_PORT'),
  ]
  let config: Config | undefined
  try {
    config = loadConfig(env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    issues.push(...error.issues)
  }
  if (config?.apiPort === 0) issues.push('SLUICE_API_PORT: here it must be a number from 1 to 65535')
  if (config?.roles.includes('streams') && config.streams.port === 0)
    issues.push('SLUICE_STREAMS_PORT: here it must be a number from 1 to 65535')
  if (!config || issues.length > 0) throw new ConfigError(issues)
  return {
    redisPort,
    minioPort,
    consolePort,
    redisUrl: env['REDIS_URL'] ? config.redisUrl : undefined,
    minioEndpoint: env['MINIO_ENDPOINT'] ? config.minioEndpoint : undefined,
    config,
  }
}

export interface RuntimeFacts {
  readonly redisUrl: string
  readonly minioEndpoint: string
  readonly apiPort: number
  readonly credentials: Credentials
  /** Signs what browsers upload. */
  readonly uploader: Credentials
  readonly scratchDir: string
  readonly localDir: string
  /** Given when the runtime has the role `streams`. */
  readonly streams?: StreamsFacts | undefined
}

export interface StreamsFacts {
  readonly port: number
  readonly rtmpPort: number
  readonly credentials: Credentials
  readonly spoolDir: string
}

/**
 * The environment of the runtime: the user's own, overridden by this stack's values. It contains the runtime's account, the
 * uploader's, with which it signs uploads of browsers, and that of reception when streams are received; never root's.
 */
export function runtimeEnv(env: Environment, facts: RuntimeFacts): Environment {
  const inherited: Environment = Object.fromEntries(
    Object.entries(withoutLocal(env)).filter(
      ([name]) => !/^(?:MINIO_ROOT_|MINIO_UPLOADER_|MINIO_STREAMS_|npm_)/.test(name),
    ),
  )
  return {
    SLUICE_LOG_FORMAT: 'text',
    SLUICE_SCRATCH_DIR: facts.scratchDir,
    ...inherited,
    // Only so that it knows which stack it is a part of.
    SLUICE_LOCAL_DIR: facts.localDir,
    REDIS_URL: facts.redisUrl,
    MINIO_ENDPOINT: facts.minioEndpoint,
    MINIO_ACCESS_KEY: facts.credentials.accessKey,
    MINIO_SECRET_KEY: facts.credentials.secretKey,
    MINIO_UPLOADER_ACCESS_KEY: facts.uploader.accessKey,
    MINIO_UPLOADER_SECRET_KEY: facts.uploader.secretKey,
    SLUICE_API_PORT: String(facts.apiPort),
    ...(facts.streams && {
      MINIO_STREAMS_ACCESS_KEY: facts.streams.credentials.accessKey,
      MINIO_STREAMS_SECRET_KEY: facts.streams.credentials.secretKey,
      SLUICE_STREAMS_PORT: String(facts.streams.port),
      SLUICE_RTMP_PORT: String(facts.streams.rtmpPort),
      SLUICE_STREAMS_SPOOL_DIR: inherited['SLUICE_STREAMS_SPOOL_DIR'] ?? facts.streams.spoolDir,
    }),
  }
}

function withoutLocal(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !(name in LOCAL_SETTINGS)))
}

/** The environment without servers, accounts and settings of a Sluice. */
export function withoutSettings(env: Environment): Environment {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(?:SLUICE_|MINIO_|REDIS_URL(?:_FILE)?$)/.test(name)),
  )
}
