/** TCP ports on loopback: finds free ports, and the processes that hold taken ones. @module */
import { execFile } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import { REQUEST_PATIENCE_MS } from '../patience.ts'
import { loadLocalSettings, type LocalSettings } from './settings.ts'

const run = promisify(execFile)

/**
 * Below the ports that Linux and macOS use for outgoing connections (from 32768), so that no connection
 * can take a port between the death of a server and its restart.
 */
const FREE_PORTS = { from: 20_000, to: 32_767 }
const MAX_TRIES = 200

/** On both loopback addresses: MinIO listens on the second one too. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await canListen(port, '127.0.0.1')) && (await canListen(port, '::1'))
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    // A machine without IPv6 returns another error, and the port is free.
    server.once('error', (error: NodeJS.ErrnoException) => resolve(!IN_USE.has(error.code ?? '')))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

const IN_USE = new Set(['EADDRINUSE', 'EACCES'])
/** Ports that this process has returned; their users may not listen yet. */
const given = new Set<number>()

/** A port without a listener; another process may still take it, so callers must check that their own server answers. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const port = randomInt(FREE_PORTS.from, FREE_PORTS.to)
    if (given.has(port) || !(await isPortFree(port))) continue
    given.add(port)
    return port
  }
  throw new Error(`no free port between ${FREE_PORTS.from} and ${FREE_PORTS.to} on 127.0.0.1`)
}

export interface PortHolder {
  readonly command: string
  readonly pid: number
}

/** Tools that know it, the most reliable first; a machine may have none of them. */
const TOOLS = [
  {
    command: 'lsof',
    args: (port: number) => ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'],
    parse: parseLsof,
  },
  { command: 'ss', args: (port: number) => ['-ltnpH', `sport = :${port}`], parse: parseSs },
]

/** The process that listens on `port`, if a tool can see it. */
export async function findPortHolder(port: number): Promise<PortHolder | undefined> {
  for (const { command, args, parse } of TOOLS) {
    const output = await run(command, args(port), { timeout: REQUEST_PATIENCE_MS }).catch(() => undefined)
    const holder = output && parse(output.stdout)
    if (holder) return holder
  }
  return undefined
}

/** Shape: `p123\ncminio\nf7\n`. */
export function parseLsof(text: string): PortHolder | undefined {
  const pid = /^p(\d+)$/m.exec(text)?.[1]
  const command = /^c(.+)$/m.exec(text)?.[1]
  return pid && command ? { command, pid: Number(pid) } : undefined
}

/** Shape: `LISTEN 0 511 127.0.0.1:6379 0.0.0.0:* users:(("redis-server",pid=123,fd=6))`. */
export function parseSs(text: string): PortHolder | undefined {
  const match = /users:\(\("([^"]+)",pid=(\d+)/.exec(text)
  return match ? { command: match[1] as string, pid: Number(match[2]) } : undefined
}

/** The settings in `env`, on free ports. */
export async function settingsOnFreePorts(
  env: Readonly<Record<string, string | undefined>>,
): Promise<LocalSettings> {
  return loadLocalSettings({ ...env, ...(await freePorts()) })
}

/** A free port for each setting. */
export async function freePorts() {
  return {
    SLUICE_LOCAL_REDIS_PORT: String(await freePort()),
    SLUICE_LOCAL_MINIO_PORT: String(await freePort()),
    SLUICE_LOCAL_CONSOLE_PORT: String(await freePort()),
    SLUICE_API_PORT: String(await freePort()),
    // Only a runtime with the role `streams` listens there.
    SLUICE_STREAMS_PORT: String(await freePort()),
    SLUICE_RTMP_PORT: String(await freePort()),
  }
}

interface WantedPort {
  readonly port: number
  readonly purpose: string
  /** The setting that moves it. */
  readonly setting: string
  /** The setting that uses the server on that port, if that makes sense. */
  readonly use?: string
}

export function wantedPorts(settings: LocalSettings): WantedPort[] {
  const wanted: WantedPort[] = []
  if (!settings.redisUrl) {
    const { redisPort: port } = settings
    const use = `REDIS_URL=redis://127.0.0.1:${port}`
    wanted.push({ port, purpose: 'Redis', setting: 'SLUICE_LOCAL_REDIS_PORT', use })
  }
  if (!settings.minioEndpoint) {
    const { minioPort: port } = settings
    const use = `MINIO_ENDPOINT=http://127.0.0.1:${port}, with MINIO_ROOT_USER and MINIO_ROOT_PASSWORD`
    wanted.push({ port, purpose: 'MinIO', setting: 'SLUICE_LOCAL_MINIO_PORT', use })
    const { consolePort } = settings
    wanted.push({ port: consolePort, purpose: "MinIO's console", setting: 'SLUICE_LOCAL_CONSOLE_PORT' })
  }
  if (settings.config.roles.includes('api')) {
    wanted.push({ port: settings.config.apiPort, purpose: 'the API', setting: 'SLUICE_API_PORT' })
  }
  if (settings.config.roles.includes('streams')) {
    const { port, rtmpPort } = settings.config.streams
    wanted.push({ port, purpose: 'streams over HTTP', setting: 'SLUICE_STREAMS_PORT' })
    if (rtmpPort !== 0)
      wanted.push({ port: rtmpPort, purpose: 'streams over RTMP', setting: 'SLUICE_RTMP_PORT' })
  }
  return wanted
}

/** @throws {Error} that names every taken port, its process, and the possible solutions */
export async function checkPorts(settings: LocalSettings): Promise<void> {
  const problems: string[] = []
  const seen = new Map<number, WantedPort>()
  for (const wanted of wantedPorts(settings)) {
    const twin = seen.get(wanted.port)
    seen.set(wanted.port, wanted)
    if (twin) problems.push(`Port ${wanted.port} is set for ${twin.purpose} and for ${wanted.purpose}.`)
    else if (!(await isPortFree(wanted.port)))
      problems.push(portMessage(wanted, await findPortHolder(wanted.port)))
  }
  if (problems.length > 0) throw new Error(problems.join('\n'))
}

export function portMessage(wanted: WantedPort, holder: PortHolder | undefined): string {
  const by = holder ? ` by ${holder.command} (pid ${holder.pid})` : ''
  const use = wanted.use ? `, or use the running server: ${wanted.use}` : ''
  const otherPort = wanted.port < 50_000 ? wanted.port + 10_000 : wanted.port - 10_000
  return (
    `Port ${wanted.port} for ${wanted.purpose} is taken${by}.\n` +
    `  Stop that program, or choose another port: ${wanted.setting}=${otherPort}${use}`
  )
}
