/** A stack that stands apart from whatever else runs on this machine: free ports, no settings of the person's own. @module */
import { freePort } from './ports.ts'
import { loadLocalSettings, type LocalSettings } from './settings.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** The environment without servers, accounts and settings of a Sluice. */
export function withoutSettings(env: Environment): Environment {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(?:SLUICE_|MINIO_|REDIS_URL(?:_FILE)?$)/.test(name)),
  )
}

/** The settings in `env`, on free ports. */
export async function settingsApart(env: Environment): Promise<LocalSettings> {
  return loadLocalSettings({
    ...env,
    SLUICE_LOCAL_REDIS_PORT: String(await freePort()),
    SLUICE_LOCAL_MINIO_PORT: String(await freePort()),
    SLUICE_LOCAL_CONSOLE_PORT: String(await freePort()),
    SLUICE_API_PORT: String(await freePort()),
  })
}
