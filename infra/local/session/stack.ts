/**
 * The whole stack on this machine: Redis, MinIO, `setup`, and the runtime, in this order; it stops in the
 * reverse order, so that the runtime can still settle its runs.
 * @module
 */
import { connect } from 'node:net'
import { join } from 'node:path'
import type { EventTargets } from '../../../runtime/setup/minio/event-targets.ts'
import { sleep } from '../../../runtime/time.ts'
import type { LocalCredentials } from '../settings/credentials.ts'
import { createMinio } from '../servers/minio.ts'
import { REQUEST_PATIENCE_MS, STOP_PATIENCE_MS } from '../patience.ts'
import { apiUrl, createRuntime, provision } from '../servers/runtime.ts'
import { createRedis } from '../servers/redis.ts'
import type { Server, ServerEvents } from '../servers/server.ts'
import { type LocalSettings, runtimeEnv } from '../settings/settings.ts'
import { runStep, type Say, silently, type Step } from '../terminal.ts'

/** The time for the set-up to end by itself if the stack is stopped during it. */
const SETUP_LIMIT_MS = STOP_PATIENCE_MS

export interface StackOptions {
  /** The folder for all files. */
  readonly dataDir: string
  readonly settings: LocalSettings
  readonly credentials: LocalCredentials
  readonly programs: Readonly<Record<'redis-server' | 'minio' | 'mc', string>>
  /** The environment that the runtime inherits. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Variables of MinIO, which override the stack's. */
  readonly minioEnv?: Readonly<Record<string, string>> | undefined
  /** Gets one line for each server that is up. @defaultValue no output */
  readonly progress?: Say | undefined
  /** Called when a server or the runtime has a new pid. */
  readonly onStart?: (() => void) | undefined
  /** Called when a server or the runtime ended unexpectedly. */
  readonly onDeath?: ((server: Server, how: string) => void) | undefined
}

export interface Stack {
  readonly redisUrl: string
  readonly minioEndpoint: string
  readonly apiUrl: string
  readonly runtimeEnv: Readonly<Record<string, string | undefined>>
  /** Undefined if one is given. */
  readonly redis: Server | undefined
  readonly minio: Server | undefined
  readonly runtime: Server
  start(): Promise<void>
  /** May be called at any time; during a start, `start` is rejected. */
  stop(): Promise<void>
}

export function createStack(options: StackOptions): Stack {
  const { settings, dataDir, credentials, programs } = options
  const redisUrl = settings.redisUrl ?? `redis://127.0.0.1:${settings.redisPort}`
  const minioEndpoint = settings.minioEndpoint ?? `http://127.0.0.1:${settings.minioPort}`
  const targets = eventTargets(redisUrl, settings)
  const env = runtimeEnv(options.env, {
    redisUrl,
    minioEndpoint,
    apiPort: settings.config.apiPort,
    credentials: credentials.runtime,
    uploader: credentials.uploader,
    scratchDir: join(dataDir, 'scratch'),
    localDir: dataDir,
    streams: settings.config.roles.includes('streams')
      ? {
          port: settings.config.streams.port,
          rtmpPort: settings.config.streams.rtmpPort,
          credentials: credentials.streams,
          spoolDir: join(dataDir, 'spool'),
        }
      : undefined,
  })
  const log = (name: string) => join(dataDir, 'log', `${name}.log`)
  const events = (server: () => Server | undefined): ServerEvents => ({
    onStart: options.onStart,
    onDeath: (how) => {
      const dead = server()
      if (dead) options.onDeath?.(dead, how)
    },
  })
  const redis: Server | undefined = settings.redisUrl
    ? undefined
    : createRedis({
        program: programs['redis-server'],
        port: settings.redisPort,
        dataDir: join(dataDir, 'redis'),
        logPath: log('redis'),
        ...events(() => redis),
      })
  const minio: Server | undefined = settings.minioEndpoint
    ? undefined
    : createMinio({
        program: programs.minio,
        port: settings.minioPort,
        consolePort: settings.consolePort,
        dir: join(dataDir, 'minio'),
        logPath: log('minio'),
        rootUser: credentials.root.accessKey,
        rootPassword: credentials.root.secretKey,
        targets,
        env: options.minioEnv,
        ...events(() => minio),
      })
  const runtime: Server = createRuntime({
    env,
    config: settings.config,
    logPath: log('runtime'),
    ...events(() => runtime),
  })
  const stopping = new AbortController()
  let settingUp: Promise<void> | undefined

  async function start() {
    await step('Redis', redis, addressOf(redisUrl), () => mustAnswer('REDIS_URL', redisUrl))
    await step('MinIO', minio, minioEndpoint, () => mustAnswer('MINIO_ENDPOINT', minioEndpoint))
    await step('Set-up', undefined, 'buckets, accounts, notifications', () => (settingUp = setUp()))
    await step('Runtime', runtime, settings.config.roles.includes('api') ? apiUrl(settings.config) : 'no API')
  }

  async function step(name: string, server: Server | undefined, detail: string, other?: () => Promise<void>) {
    const work: Step<void>['work'] = () => server?.start() ?? other?.() ?? Promise.resolve()
    const state = server && (() => server.lastLine())
    await runStep({ name, work, detail: () => detail, state }, options.progress ?? silently)
    stopping.signal.throwIfAborted()
  }

  async function setUp() {
    if (!minio && !settings.config.rootCredentials) {
      // A MinIO that is given without its root account has been set up with `sluice setup`.
      if (settings.config.runtimeCredentials) return
      throw new Error(
        'MINIO_ENDPOINT is set: also set MINIO_ROOT_USER and MINIO_ROOT_PASSWORD, so that it can be set up; or, if it is set up already, MINIO_ACCESS_KEY and MINIO_SECRET_KEY of the runtime.',
      )
    }
    await provision({ env, credentials, mcProgram: programs.mc })
  }

  async function stop() {
    stopping.abort(new Error('stopped while it started'))
    // The set-up has the root account in a temporary file, which it removes when it ends.
    await Promise.race([settingUp?.catch(() => undefined), sleep(SETUP_LIMIT_MS)])
    for (const server of [runtime, minio, redis]) await server?.stop()
  }

  return {
    redisUrl,
    minioEndpoint,
    apiUrl: apiUrl(settings.config),
    runtimeEnv: env,
    redis,
    minio,
    runtime,
    start,
    stop,
  }
}

/** Without user and password. */
function addressOf(redisUrl: string): string {
  const { protocol, host } = new URL(redisUrl)
  return `${protocol}//${host}`
}

function eventTargets(redisUrl: string, settings: LocalSettings): Omit<EventTargets, 'queueDir'> {
  const url = new URL(redisUrl)
  return {
    redisAddress: `${url.hostname}:${url.port || 6379}`,
    redisUser: decodeURIComponent(url.username) || undefined,
    redisPassword: decodeURIComponent(url.password) || undefined,
    name: settings.config.name,
    isStrict: settings.config.isStrictEvents,
  }
}

/** Reports at once that a given server does not answer, with the name of its setting. */
function mustAnswer(setting: string, url: string): Promise<void> {
  const { hostname, port, protocol } = new URL(url)
  const standardPort = { 'http:': 80, 'https:': 443 }[protocol] ?? 6379
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: hostname,
      port: Number(port) || standardPort,
      timeout: REQUEST_PATIENCE_MS,
    })
    const fail = (why: string) =>
      reject(new Error(`${setting}: nothing answers at ${hostname}:${port || standardPort} (${why})`))
    socket.once('connect', () => {
      socket.destroy()
      resolve()
    })
    socket.once('timeout', () => {
      socket.destroy()
      fail('no reply in time')
    })
    socket.once('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message))
  })
}
