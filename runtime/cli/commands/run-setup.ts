/** What `sluice setup` does: it prepares MinIO. May be run again at any time; what others set up stays. @module */
import type { Config, Credentials } from '../../settings/config.ts'
import { ConfigError } from '../../errors.ts'
import { createLogger } from '../../telemetry/logger.ts'
import { loadSettings } from '../../process/load-settings.ts'
import { provision, type ProvisionOptions } from '../../setup/minio/provision.ts'
import { findMc } from '../../setup/minio/find-mc.ts'
import type { Environment } from '../../settings/files.ts'

/** `mc` is looked for on the environment's PATH: the accounts are made by it, since MinIO's admin API is not S3's. */
export async function runSetup(env: Environment): Promise<void> {
  const { config, list } = await loadSettings(env, {
    account: {
      names: ['MINIO_ROOT_USER', 'MINIO_ROOT_PASSWORD'],
      description: 'set-up needs the account that MinIO was started with',
    },
    tools: false,
  })
  const { functions } = list
  // Who names the account has both its words, or the settings would be wrong.
  const rootCredentials = config.rootCredentials as Credentials
  const log = createLogger({ level: config.logLevel, format: 'text' })
  const users = await usersOf(config, env['PATH'] ?? '')
  const changes = await provision({
    endpoint: config.minioEndpoint,
    region: config.minioRegion,
    rootCredentials,
    functions,
    name: config.name,
    redisUrl: config.redisUrl,
    isStrictEvents: config.isStrictEvents,
    ...(users && { users }),
    log,
  })
  if (changes.length === 0) log.info('all was there: nothing to change')
}

/** Undefined when no account is asked for: then somebody else makes them. */
async function usersOf(config: Config, path: string): Promise<ProvisionOptions['users']> {
  const { runtimeCredentials, uploaderCredentials, metricsCredentials } = config
  if (!runtimeCredentials) return undefined
  const mcPath = await findMc(path)
  if (mcPath === undefined) {
    throw new ConfigError([
      'mc, MinIO’s client, is not on PATH: the accounts are made by it. Add it, or leave out MINIO_ACCESS_KEY and make them yourself',
    ])
  }
  return {
    mcPath,
    runtime: runtimeCredentials,
    ...(uploaderCredentials && { uploader: uploaderCredentials }),
    ...(metricsCredentials && { metrics: metricsCredentials }),
  }
}
