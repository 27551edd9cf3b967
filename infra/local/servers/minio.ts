/** A MinIO that announces every upload to Redis twice: at once, and durably. Loopback only. @module */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { eventTargetEnv, type EventTargets } from '../../../runtime/setup/minio/event-targets.ts'
import { REQUEST_PATIENCE_MS } from '../patience.ts'
import { createServer, type Server, type ServerEvents } from './server.ts'
import { PRIVATE_DIR } from '../settings/data-dir.ts'

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
  /** Without targets MinIO sends no events. */
  readonly targets?: Omit<EventTargets, 'queueDir'> | undefined
  /** Additional variables. */
  readonly env?: Readonly<Record<string, string>> | undefined
}

export function createMinio(options: MinioOptions): Server {
  const dataDir = join(options.dir, 'data')
  const homeDir = join(options.dir, 'home')
  const queueDir = join(options.dir, 'events')
  for (const dir of [dataDir, homeDir, queueDir]) mkdirSync(dir, { recursive: true, mode: PRIVATE_DIR })
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
      // MinIO creates a folder for certificates in HOME, which must not be the user's.
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

async function isHealthy(port: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${port}/minio/health/ready`, {
    signal: AbortSignal.timeout(REQUEST_PATIENCE_MS),
  })
  await response.body?.cancel()
  return response.ok
}
