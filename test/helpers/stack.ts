/** The whole stack for one test file: Redis, MinIO, set-up and runtime on free ports, in a folder of its own. @module */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { settingsOnFreePorts } from '../../infra/local/settings/ports.ts'
import { withoutSettings } from '../../infra/local/settings/settings.ts'
import { loadCredentials, type LocalCredentials } from '../../infra/local/settings/credentials.ts'
import { createMc, type Mc } from '../../infra/local/programs/mc.ts'
import { PortTakenError, type Server } from '../../infra/local/servers/server.ts'
import { createStack } from '../../infra/local/session/stack.ts'
import { createStorage } from '../../runtime/storage/client.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { MAX_TRIES, requireProgram } from './servers.ts'
import { unwatch, watch } from './watched.ts'

const run = promisify(execFile)

export interface TestStackOptions {
  /** Settings of the runtime, such as `SLUICE_LEASE`. */
  readonly env?: Readonly<Record<string, string>>
  /** Settings of MinIO, in addition to the usual ones, such as `MINIO_NOTIFY_REDIS_QUEUE_LIMIT_DURABLE`. */
  readonly minioEnv?: Readonly<Record<string, string>>
}

export interface TestStack {
  readonly redisUrl: string
  readonly minioEndpoint: string
  readonly apiUrl: string
  readonly credentials: LocalCredentials
  /** Of the runtime. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly dir: string
  /** Each can be killed, stopped and started again on its port and data. */
  readonly redis: Server
  readonly minio: Server
  readonly runtime: Server
  /** Everything may be read and written: by root's account. */
  readonly storage: Storage
  /** As a person has it, with the alias `sluice` by the uploader's account, and `root`. */
  readonly mc: Mc
  /** The runtime's processes that take part in a kind of work, such as `work` or `serve`. */
  childPids(kind: string): Promise<number[]>
  stop(): Promise<void>
}

/** To be stopped in `afterAll`. One that does not start leaves nothing. */
export async function startTestStack(options: TestStackOptions = {}): Promise<TestStack> {
  for (let tries = 1; ; tries++) {
    try {
      return await startOnce(options)
    } catch (error) {
      if (tries === MAX_TRIES || !(error instanceof PortTakenError)) throw error
    }
  }
}

async function startOnce(options: TestStackOptions): Promise<TestStack> {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-stack-'))
  const outer = { ...withoutSettings(process.env), ...options.env }
  const settings = await settingsOnFreePorts(outer)
  const credentials = await loadCredentials(join(dir, 'credentials.json'))
  const programs = {
    'redis-server': await requireProgram('redis-server'),
    minio: await requireProgram('minio'),
    mc: await requireProgram('mc'),
  }
  // Fault tests read its metrics.
  const minioEnv = { MINIO_PROMETHEUS_AUTH_TYPE: 'public', ...options.minioEnv }
  const stack = createStack({ dataDir: dir, settings, credentials, programs, env: outer, minioEnv })
  const { redis, minio, runtime, redisUrl, minioEndpoint, apiUrl, runtimeEnv: env } = stack
  if (!redis || !minio)
    throw new Error('a test starts servers of its own: leave out REDIS_URL and MINIO_ENDPOINT')
  const { minioRegion: region } = settings.config
  const storage = createStorage({ endpoint: minioEndpoint, region, credentials: credentials.root })
  const mc = createMc(programs.mc, join(dir, 'mc'))

  const servers = [redis, minio, runtime]
  watch(...servers)
  async function stop() {
    unwatch(...servers)
    await stack.stop()
    storage.close()
    await rm(dir, { recursive: true, force: true })
  }
  try {
    await stack.start()
    await mc.setAlias('sluice', minioEndpoint, credentials.uploader)
    await mc.setAlias('root', minioEndpoint, credentials.root)
  } catch (error) {
    await stop()
    throw error
  }
  const facts = { redisUrl, minioEndpoint, apiUrl, credentials, env, dir }
  const childPids = (kind: string) => childPidsOf(runtime, kind)
  return { ...facts, redis, minio, runtime, storage, mc, childPids, stop }
}

/** The child processes of a runtime that take part in a kind of work. */
export async function childPidsOf(runtime: Pick<Server, 'pid'>, kind: string): Promise<number[]> {
  const { stdout } = await run('ps', ['-A', '-ww', '-o', 'pid=,ppid=,args='])
  return stdout.split('\n').flatMap((line) => {
    const [pid, parent, ...words] = line.trim().split(/\s+/)
    const isOne = Number(parent) === runtime.pid && words.join(' ').endsWith(` child ${kind}`)
    return isOne ? [Number(pid)] : []
  })
}
