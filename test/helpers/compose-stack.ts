/**
 * Redis, MinIO, set-up and runtime as docker-compose.yml runs them, with its settings, its configuration files and the
 * secrets that `sluice secrets` makes; as processes of this machine, so that only addresses and folders differ.
 * @module
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Redis } from 'ioredis'
import { SLUICE_PATH } from '../../infra/local/root.ts'
import { freePort } from '../../infra/local/settings/ports.ts'
import {
  createServer,
  PortTakenError,
  type Server,
  type ServerSpec,
} from '../../infra/local/servers/server.ts'
import { messageOf } from '../../runtime/errors.ts'
import { keepSecrets } from '../../runtime/setup/secrets/keep.ts'
import type { SecretName } from '../../runtime/setup/secrets/plan.ts'
import type { RedisUser } from '../../runtime/setup/redis/users.ts'
import { loadCompose, ROOT_DIR, type ComposeProject } from './compose.ts'
import { killMains, startMain } from './main-process.ts'
import { MAX_TRIES, requireProgram } from './servers.ts'
import { unwatch, watch } from './watched.ts'

export interface ComposeStack {
  readonly redis: Server
  readonly minio: Server
  readonly runtime: Server
  /** Not started. */
  readonly receiver: Server
  readonly receiverUrl: string
  readonly endpoint: string
  readonly redisPort: number
  readonly apiUrl: string
  readonly dir: string
  secret(name: SecretName | 'minio_metrics_token'): string
  /** The environment that compose gives to a service, with this machine's addresses and paths. */
  envOf(service: string): Record<string, string>
  /** A connection as that user, with the password in its file. */
  connect(user: RedisUser, password?: string): Redis
  /** Like `sluice secrets --rotate`; no program has been restarted. */
  rotate(...names: SecretName[]): Promise<void>
  /** Like `docker compose run --rm setup`. */
  setUp(): Promise<void>
  stop(): Promise<void>
}

/** Stop it in `afterAll`. */
export async function startComposeStack(): Promise<ComposeStack> {
  const project = await loadCompose()
  for (let tries = 1; ; tries++) {
    const dir = await mkdtemp(join(tmpdir(), 'sluice-compose-'))
    const stack = await createComposeStack(project, dir)
    try {
      await stack.redis.start()
      await stack.minio.start()
      await stack.setUp()
      await stack.runtime.start()
      watch(stack.redis, stack.minio, stack.runtime)
      return stack
    } catch (error) {
      await stack.stop()
      if (tries === MAX_TRIES || !(error instanceof PortTakenError)) throw error
    }
  }
}

async function createComposeStack({ services }: ComposeProject, dir: string): Promise<ComposeStack> {
  const ports = {
    redis: await freePort(),
    minio: await freePort(),
    console: await freePort(),
    api: await freePort(),
    streams: await freePort(),
    rtmp: await freePort(),
  }
  const programs = {
    redis: await requireProgram('redis-server'),
    minio: await requireProgram('minio'),
    mc: await requireProgram('mc'),
  }
  const secretsDir = join(dir, 'secrets')
  const path = (name: string) => join(secretsDir, name)
  // Some of the files contain the host names of compose.
  const local = (text: string) =>
    text
      .replaceAll('redis:6379', `127.0.0.1:${ports.redis}`)
      .replaceAll('http://minio:9000', `http://127.0.0.1:${ports.minio}`)
      .replaceAll('/run/secrets/', `${secretsDir}/`)
      .replace(/^\/events$/, join(dir, 'events'))
      .replace(/^dir \/data$/m, `dir ${join(dir, 'redis')}`)
  const keep = async (rotate: readonly SecretName[]) => {
    await keepSecrets({ dir: secretsDir, name: 'sluice', rotate })
    for (const file of ['redis-url', 'redis-exporter.json'])
      writeFileSync(path(file), local(readFileSync(path(file), 'utf8')))
  }
  await keep([])
  const redisConf = join(dir, 'redis.conf')
  writeFileSync(redisConf, local(readFileSync(join(ROOT_DIR, 'infra/redis/redis.conf'), 'utf8')))
  const secret = (name: string) => readFileSync(path(name), 'utf8')
  const envOf = (service: string) =>
    Object.fromEntries(
      Object.entries(services[service]?.environment ?? {}).map(([name, value]) => [name, local(value)]),
    )
  const connect = (user: RedisUser, password = secret(`redis-${user}`)) => {
    const redis = new Redis({
      port: ports.redis,
      username: user,
      password,
      retryStrategy: () => null,
      enableReadyCheck: false,
    })
    // Each command prints it again.
    return redis.on('error', () => undefined)
  }
  const serverIn = (name: string, spec: Pick<ServerSpec, 'command' | 'args' | 'isReady' | 'env'>) => {
    mkdirSync(join(dir, name))
    const facts = { name, cwd: join(dir, name), logPath: join(dir, `${name}.log`), stopTimeoutMs: 20_000 }
    return createServer({ ...facts, ...spec, env: { PATH: process.env['PATH'], ...spec.env } })
  }
  const answers = async (url: string) => (await fetch(url, { signal: AbortSignal.timeout(5_000) })).ok
  const [endpoint, apiUrl] = [`http://127.0.0.1:${ports.minio}`, `http://127.0.0.1:${ports.api}`]

  const redis = serverIn('redis', {
    command: programs.redis,
    args: [redisConf, '--port', `${ports.redis}`, '--bind', '127.0.0.1'],
    env: {},
    isReady: (pid) => isRedis(connect('admin'), pid),
  })
  const addresses = [
    '--address',
    `127.0.0.1:${ports.minio}`,
    '--console-address',
    `127.0.0.1:${ports.console}`,
  ]
  const minio = serverIn('minio', {
    command: programs.minio,
    args: ['server', join(dir, 'minio'), ...addresses],
    env: { ...envOf('minio'), HOME: dir },
    isReady: () => answers(`${endpoint}/minio/health/ready`),
  })
  const runtime = serverIn('runtime', {
    command: process.execPath,
    args: [SLUICE_PATH, 'start'],
    env: {
      ...envOf('runtime'),
      SLUICE_API_HOST: '127.0.0.1',
      SLUICE_API_PORT: `${ports.api}`,
      SLUICE_SCRATCH_DIR: join(dir, 'scratch'),
      SLUICE_LOG_LEVEL: 'warn',
    },
    isReady: () => answers(`${apiUrl}/readyz`),
  })
  const receiverUrl = `http://127.0.0.1:${ports.streams}`
  const receiver = serverIn('receiver', {
    command: process.execPath,
    args: [SLUICE_PATH, 'start'],
    env: {
      ...envOf('receiver'),
      SLUICE_STREAMS_HOST: '127.0.0.1',
      SLUICE_STREAMS_PORT: `${ports.streams}`,
      SLUICE_RTMP_PORT: `${ports.rtmp}`,
      SLUICE_STREAMS_SPOOL_DIR: join(dir, 'spool'),
      SLUICE_STREAMS_RECONNECT: '1s',
      SLUICE_SCRATCH_DIR: join(dir, 'receiver-scratch'),
      SLUICE_LOG_LEVEL: 'warn',
    },
    isReady: () => answers(`${receiverUrl}/readyz`),
  })
  return {
    redis,
    minio,
    runtime,
    receiver,
    receiverUrl,
    endpoint,
    apiUrl,
    dir,
    secret,
    envOf,
    connect,
    redisPort: ports.redis,
    rotate: (...names) => keep(names),
    async setUp() {
      const PATH = `${dirname(programs.mc)}:${process.env['PATH']}`
      const main = startMain(['setup'], { ...envOf('setup'), MINIO_SECRET_KEY: '', PATH })
      if ((await main.ended) !== 0) throw new Error(`set-up failed: ${main.output()}`)
    },
    async stop() {
      killMains()
      unwatch(redis, minio, runtime)
      for (const server of [receiver, runtime, minio, redis]) await server.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

async function isRedis(redis: Redis, pid: number): Promise<boolean> {
  try {
    return (await redis.info('server')).includes(`process_id:${pid}\r`)
  } catch (error) {
    throw new Error(`Redis does not answer: ${messageOf(error)}`, { cause: error })
  } finally {
    redis.disconnect()
  }
}
