/** Refuses to start over somebody else's ports, in words that help. @module */
import { findPortHolder, isPortFree, type PortHolder } from './ports.ts'
import type { LocalSettings } from './settings.ts'

interface WantedPort {
  readonly port: number
  readonly purpose: string
  /** The setting that moves it. */
  readonly setting: string
  /** The setting that uses what runs there, where that makes sense. */
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
  return wanted
}

/** @throws {Error} that names every taken port, who holds it, and what to do */
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
  const use = wanted.use ? `, or use what runs there: ${wanted.use}` : ''
  const otherPort = wanted.port < 50_000 ? wanted.port + 10_000 : wanted.port - 10_000
  return (
    `Port ${wanted.port} for ${wanted.purpose} is taken${by}.\n` +
    `  Stop it, or choose another port: ${wanted.setting}=${otherPort}${use}`
  )
}
