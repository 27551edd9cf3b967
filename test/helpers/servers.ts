/** Real servers for one test file: own port, own temporary folder, nothing shared. @module */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMinio } from '../../infra/local/servers/minio.ts'
import { freePort } from '../../infra/local/settings/ports.ts'
import { findProgram, type ProgramName } from '../../infra/local/programs/programs.ts'
import { createRedis } from '../../infra/local/servers/redis.ts'
import { PortTakenError, type Server } from '../../infra/local/servers/server.ts'
import { waitUntilSuspended } from './suspend.ts'
import { unwatch, watch } from './watched.ts'

export interface TestServer {
  readonly port: number
  /** Changes with `start`. */
  readonly pid: number
  readonly dir: string
  /** Sends any signal, for fault tests: SIGKILL, or SIGSTOP (when it returns, nothing answers any more) and SIGCONT. */
  kill(signal: NodeJS.Signals): void
  /** Starts it again after `kill` or `halt`, on the same port and data. */
  start(): Promise<void>
  /** Ends it in order and keeps its data. */
  halt(): Promise<void>
  /** Ends it and removes its folder; to be called in `afterAll`. */
  stop(): Promise<void>
}

export interface TestRedis extends TestServer {
  readonly url: string
}

export interface TestMinio extends TestServer {
  readonly endpoint: string
  readonly rootUser: string
  readonly rootPassword: string
  readonly mcPath: string
}

export interface TestMinioOptions {
  /** With it, both event targets are there and write to `{sluice}:in` of that Redis. */
  readonly redisPort?: number
  /** On top of ours. */
  readonly env?: Record<string, string>
}

export async function startTestRedis(): Promise<TestRedis> {
  const program = await requireProgram('redis-server')
  const { port, server, dir } = await startServer('redis', (port, dir) =>
    Promise.resolve(
      createRedis({ program, port, dataDir: join(dir, 'data'), logPath: join(dir, 'redis.log') }),
    ),
  )
  return Object.assign(controls(server, dir, port), { url: `redis://127.0.0.1:${port}` })
}

export async function startTestMinio(options: TestMinioOptions = {}): Promise<TestMinio> {
  const [program, mcPath] = [await requireProgram('minio'), await requireProgram('mc')]
  const root = { rootUser: 'test-root', rootPassword: 'test-root-password' }
  const targets = options.redisPort && {
    redisAddress: `127.0.0.1:${options.redisPort}`,
    name: 'sluice',
    isStrict: false,
  }
  const { port, server, dir } = await startServer('minio', async (port, dir) =>
    createMinio({
      program,
      port,
      consolePort: await freePort(),
      dir,
      logPath: join(dir, 'minio.log'),
      ...root,
      ...(targets && { targets }),
      env: options.env,
    }),
  )
  return Object.assign(controls(server, dir, port), { ...root, endpoint: `http://127.0.0.1:${port}`, mcPath })
}

/** Another process may take a free port meanwhile, so a few are tried. */
export const MAX_TRIES = 3

async function startServer(name: string, create: (port: number, dir: string) => Promise<Server>) {
  for (let tries = 1; ; tries++) {
    const dir = await mkdtemp(join(tmpdir(), `sluice-${name}-`))
    const port = await freePort()
    const server = await create(port, dir)
    try {
      await server.start()
      watch(server)
      return { port, server, dir }
    } catch (error) {
      await rm(dir, { recursive: true, force: true })
      if (tries === MAX_TRIES || !(error instanceof PortTakenError)) throw error
    }
  }
}

/** Callers must assign additions, not spread: spreading would freeze `pid`. */
function controls(server: Server, dir: string, port: number): TestServer {
  return {
    port,
    dir,
    get pid() {
      if (server.pid === undefined) throw new Error(`${server.name} does not run: call start() first`)
      return server.pid
    },
    kill: (signal) => {
      server.kill(signal)
      if (signal === 'SIGSTOP' && server.pid) waitUntilSuspended(server.pid)
    },
    start: () => server.start(),
    halt: () => server.stop(),
    stop: async () => {
      unwatch(server)
      await server.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** @throws {Error} when it is neither on PATH nor in the cache */
export async function requireProgram(name: ProgramName): Promise<string> {
  const { path, unfit } = await findProgram(name)
  if (path) return path
  throw new Error([`no ${name} is here: "npm test" installs it`, ...unfit].join('\n'))
}
