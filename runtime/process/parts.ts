/** The parts of every kind of process: settings, functions, Redis, MinIO, metrics. @module */
import { readFileSync } from 'node:fs'
import { connectRedis, type Redis } from '../queue/redis.ts'
import type { Config, Credentials } from '../settings/config.ts'
import { ConfigError } from '../errors.ts'
import type { Closers } from './lifecycle.ts'
import type { Logger } from '../telemetry/logger.ts'
import { createMetrics, type RuntimeMetrics } from '../telemetry/metrics.ts'
import { createQueue, type Queue } from '../queue/queue.ts'
import type { FunctionList } from '../function/list.ts'
import type { ChildKind } from './messages.ts'
import { startAtZero } from './zero-metrics.ts'
import { createStorage } from '../storage/client.ts'
import { createLinks, type Links } from '../storage/sign.ts'
import { observeStorage } from '../storage/observed.ts'
import type { Storage } from '../storage/storage.ts'

export interface Parts extends FunctionList {
  readonly config: Config
  readonly redis: Redis
  readonly queue: Queue
  readonly storage: Storage
  /** Links to results, for people. */
  readonly links: Links
  readonly metrics: RuntimeMetrics
  readonly log: Logger
}

/**
 * Connects; Redis and MinIO may answer later.
 *
 * @param metrics - of another half of the same process
 */
export function createParts(
  kind: ChildKind,
  config: Config,
  list: FunctionList,
  log: Logger,
  closers: Closers,
  metrics: RuntimeMetrics = createMetrics(),
): Parts {
  const credentials = accountOf(kind, config)
  // A receiver runs no functions.
  const functions = kind === 'receive' ? [] : list.functions
  const names = functions.map(({ name }) => name)
  startAtZero(metrics, names)
  metrics.buildInfo.set({ version: readVersion(), node: process.version }, 1)
  for (const { name, version } of functions) metrics.info.set({ function: name, version }, 1)
  const redis = connectRedis(config.redisUrl, 'command', log)
  closers.add('redis', () => redis.disconnect())
  const queue = createQueue(redis, config.name)
  redis.on('ready', () => {
    metrics.redisConnected.set(1)
    queue
      .ensureGroups(names)
      .catch((error: Error) => log.warn({ error: error.message }, 'no consumer groups yet'))
  })
  redis.on('close', () => {
    metrics.redisConnected.set(0)
    metrics.redisLost.inc()
  })
  const storage = createStorage({
    endpoint: config.minioEndpoint,
    region: config.minioRegion,
    credentials,
    // About 45 s, as long as reads retry, since a large attempt would start over. HTTP clients do not wait that long.
    ...(kind === 'work' && { writeRetries: 12 }),
    onTrouble: (trouble) => metrics.storageTroubles.inc({ trouble }),
  })
  closers.add('storage', () => storage.close())
  const links = createLinks({
    endpoint: config.minioPublicEndpoint,
    region: config.minioRegion,
    credentials,
  })
  return {
    ...list,
    config,
    redis,
    queue,
    storage: observeStorage(storage, metrics.storageSeconds),
    links,
    metrics,
    log,
  }
}

function accountOf(kind: ChildKind, config: Config): Credentials {
  const [credentials, issue] =
    kind === 'receive'
      ? [
          config.streamsCredentials,
          'MINIO_STREAMS_ACCESS_KEY and MINIO_STREAMS_SECRET_KEY: the account that receives streams',
        ]
      : [config.runtimeCredentials, 'MINIO_ACCESS_KEY and MINIO_SECRET_KEY: the runtime’s account']
  if (!credentials) throw new ConfigError([`${issue}; \`sluice setup\` makes it`])
  return credentials
}

export function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
