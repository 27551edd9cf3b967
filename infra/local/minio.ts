/** A MinIO that tells Redis about every upload twice: at once, and durably. Loopback only. @module */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createServer, type Server, type ServerEvents } from './server.ts'

export interface EventTargets {
  /** `host:port` of Redis, as MinIO sees it. */
  readonly redisAddress: string
  readonly redisUser?: string | undefined
  readonly redisPassword?: string | undefined
  /** The runtime's name (SLUICE_NAME): the list is `{name}:in`. */
  readonly name: string
  /** Where events wait while Redis is away; on the machine of MinIO. */
  readonly queueDir: string
  /** Only the durable target, and a PUT waits until its event is stored. */
  readonly isStrict: boolean
}

export interface MinioOptions extends ServerEvents {
  /** Path of `minio`. */
  readonly program: string
  readonly port: number
  readonly consolePort: number
  /** Holds `data`, `events` and `home`. */
  readonly dir: string
  readonly logPath: string
  readonly rootUser: string
  readonly rootPassword: string
  /** Without them MinIO sends no events. */
  readonly targets?: Omit<EventTargets, 'queueDir'> | undefined
  /** On top of ours. */
  readonly env?: Readonly<Record<string, string>> | undefined
}

export function createMinio(options: MinioOptions): Server {
  const dataDir = join(options.dir, 'data')
  const homeDir = join(options.dir, 'home')
  const queueDir = join(options.dir, 'events')
  for (const dir of [dataDir, homeDir, queueDir]) mkdirSync(dir, { recursive: true })
  return createServer({
    name: 'MinIO',
    command: options.program,
    args: [
      'server',
      dataDir,
      '--address',
      `127.0.0.1:${options.port}`,
      '--console-address',
      `127.0.0.1:${options.consolePort}`,
    ],
    env: {
      PATH: process.env['PATH'],
      // Its certificates folder is made in HOME: keep the person's own one clean.
      HOME: homeDir,
      MINIO_ROOT_USER: options.rootUser,
      MINIO_ROOT_PASSWORD: options.rootPassword,
      MINIO_UPDATE: 'off',
      ...(options.targets && eventTargetEnv({ ...options.targets, queueDir })),
      ...options.env,
    },
    cwd: options.dir,
    logPath: options.logPath,
    isReady: () => isHealthy(options.port),
    onStart: options.onStart,
    onDeath: options.onDeath,
  })
}

/** More would cost MinIO a larger map at start and a longer sort at each pass (internal/store/queuestore.go). */
const QUEUE_LIMIT = 200_000

/**
 * The two Redis targets as environment variables of MinIO. FAST has no queue folder, so that its events come within
 * milliseconds; DURABLE has one, so that its events survive an outage of Redis. Both write to the same list.
 *
 * @see design.md, section 4
 */
export function eventTargetEnv(targets: EventTargets): Record<string, string> {
  const target = (id: string, more: Record<string, string> = {}) => {
    const settings: Record<string, string | undefined> = {
      ENABLE: 'on',
      ADDRESS: targets.redisAddress,
      FORMAT: 'access',
      KEY: `{${targets.name}}:in`,
      USER: targets.redisUser,
      PASSWORD: targets.redisPassword,
      ...more,
    }
    return Object.entries(settings).flatMap(([setting, value]) =>
      value ? [[`MINIO_NOTIFY_REDIS_${setting}_${id}`, value] as const] : [],
    )
  }
  const durable = target('DURABLE', { QUEUE_DIR: targets.queueDir, QUEUE_LIMIT: String(QUEUE_LIMIT) })
  return Object.fromEntries(
    targets.isStrict ? [...durable, ['MINIO_API_SYNC_EVENTS', 'on']] : [...target('FAST'), ...durable],
  )
}

async function isHealthy(port: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${port}/minio/health/ready`, {
    signal: AbortSignal.timeout(2_000),
  })
  await response.body?.cancel()
  return response.ok
}
