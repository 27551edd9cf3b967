/** Prometheus, Alertmanager and the exporters from Debian's packages; installed if they are missing. @module */
import { join } from 'node:path'
import { withInstallLock } from '../../infra/local/programs/install-lock.ts'
import { cacheBinDir, findOnPath } from '../../infra/local/programs/programs.ts'
import { findInstaller, type SystemPackage } from '../../infra/local/programs/system-package.ts'

/** Programs by package. */
const PACKAGES = {
  prometheus: ['prometheus', 'promtool'],
  'prometheus-alertmanager': ['prometheus-alertmanager', 'amtool'],
  'prometheus-redis-exporter': ['prometheus-redis-exporter'],
  'prometheus-node-exporter': ['prometheus-node-exporter'],
} as const

type Package = keyof typeof PACKAGES
export type MonitoringPrograms = Readonly<Record<(typeof PACKAGES)[Package][number], string>>

/** @throws {Error} when one is missing and cannot be installed here */
export async function installMonitoring(): Promise<MonitoringPrograms> {
  const paths: Record<string, string> = {}
  for (const [name, programs] of Object.entries(PACKAGES)) {
    for (const program of programs)
      paths[program] = (await findOnPath(program)) ?? (await install(name, program))
  }
  return paths as MonitoringPrograms
}

async function install(name: string, program: string): Promise<string> {
  const wanted: SystemPackage = { title: name, names: { 'apt-get': name }, service: name }
  const installer = await findInstaller(wanted)
  if (!installer?.install) throw new Error(`${program} is missing: ${installer?.line ?? `install ${name}`}`)
  const { install: begin } = installer
  const lockDir = join(cacheBinDir(), '..', 'install.lock')
  return withInstallLock(
    lockDir,
    () => undefined,
    async () => {
      if (!(await findOnPath(program))) await begin(() => undefined)
      const path = await findOnPath(program)
      if (!path) throw new Error(`${name} was installed, but ${program} is not on PATH`)
      return path
    },
  )
}
