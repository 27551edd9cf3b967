/** `sluice setup`: prepares MinIO for the functions that are listed. It may be run again at any time, and leaves the work of others alone. @module */
import { examples, type CliCommand } from '../command.ts'
import type { Config, Credentials } from '../../settings/config.ts'
import type { Environment } from '../../settings/files.ts'
import { ConfigError } from '../../errors.ts'
import { createLogger } from '../../telemetry/logger.ts'
import { loadSettings } from '../../process/load-settings.ts'
import type { ProvisionOptions } from '../../setup/minio/provision.ts'
import { findMc } from '../../setup/minio/mc.ts'

export const setup: CliCommand = (command, { env }) => {
  command.addHelpText('after', examples('setup')).action(() => runSetup(env))
}

/** Uses `mc` on the environment's PATH for the accounts, since MinIO's admin API is not S3's. */
async function runSetup(env: Environment): Promise<void> {
  const { config, list } = await loadSettings(env, {
    accounts: () => [
      {
        names: ['MINIO_ROOT_USER', 'MINIO_ROOT_PASSWORD'],
        description: 'setup needs the account that MinIO was started with',
      },
    ],
    tools: false,
  })
  const { functions } = list
  // The settings are invalid when only one of the two is given.
  const rootCredentials = config.rootCredentials as Credentials
  const log = createLogger({ level: config.logLevel, format: 'text' })
  const users = await usersOf(config, env['PATH'] ?? '')
  // Its help needs neither an S3 client nor one for Redis.
  const { provision } = await import('../../setup/minio/provision.ts')
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
  if (changes.length === 0) log.info('everything is set up: nothing to change')
}

/** Undefined when the settings name no account: then somebody else creates them. */
async function usersOf(config: Config, path: string): Promise<ProvisionOptions['users']> {
  const { runtimeCredentials, uploaderCredentials, metricsCredentials, streamsCredentials } = config
  if (!runtimeCredentials) return undefined
  const mcPath = await findMc(path)
  if (mcPath === undefined) {
    throw new ConfigError([
      'mc, MinIO’s client, is not on PATH, and the accounts are created with it. Add it, or leave out MINIO_ACCESS_KEY and create the accounts yourself',
    ])
  }
  return {
    mcPath,
    runtime: runtimeCredentials,
    ...(uploaderCredentials && { uploader: uploaderCredentials }),
    ...(metricsCredentials && { metrics: metricsCredentials }),
    ...(streamsCredentials && { streams: streamsCredentials }),
  }
}
