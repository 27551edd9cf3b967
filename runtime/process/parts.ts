/** What both kinds of process are made of: settings, functions, Redis, MinIO. @module */
import { pathToFileURL } from 'node:url'
import { resolve } from 'node:path'
import type { Redis } from 'ioredis'
import type { Config } from '../config.ts'
import { ConfigError } from '../errors.ts'
import type { FunctionDefinition } from '../function.ts'
import type { Closers } from '../lifecycle.ts'
import type { Logger } from '../logger.ts'
import { createMetrics, type RuntimeMetrics } from '../metrics.ts'
import { createRouter } from '../intake/routing.ts'
import { createQueue, type Queue } from '../queue/queue.ts'
import { connectRedis } from '../queue/redis.ts'
import { createStorage } from '../storage/client.ts'
import type { Storage } from '../storage/storage.ts'
import { placeOf } from '../worker/manifest-of.ts'
import { checkOptionSettings } from '../worker/options.ts'

export interface Parts {
  readonly config: Config
  readonly functions: readonly FunctionDefinition[]
  readonly redis: Redis
  readonly queue: Queue
  readonly storage: Storage
  readonly metrics: RuntimeMetrics
  readonly log: Logger
}

/**
 * The functions that `functions/index.ts`, or the file in the settings, lists.
 *
 * @throws {ConfigError} when there is none, two share a name, one would trigger itself, or the settings name one wrongly
 */
export async function loadFunctions(config: Config): Promise<readonly FunctionDefinition[]> {
  const file = config.functionsFile
  const url = file
    ? pathToFileURL(resolve(file)).href
    : new URL('../../functions/index.ts', import.meta.url).href
  const { functions } = (await import(url)) as { functions?: readonly FunctionDefinition[] }
  if (!functions?.length)
    throw new ConfigError([`${file ?? 'functions/index.ts'} exports no list "functions"`])
  const names = functions.map(({ name }) => name)
  const issues = [
    ...names
      .filter((name, index) => names.indexOf(name) !== index)
      .map((name) => `two functions are called "${name}"`),
    ...config.functionNames
      .filter((name) => !names.includes(name))
      .map((name) => `SLUICE_FUNCTIONS: no function "${name}"; there are ${names.join(', ')}`),
    ...functions
      .filter(triggersItself)
      .map(
        ({ name, bucket }) =>
          `function "${name}" would trigger itself: its results in "${bucket}" match its "on"`,
      ),
  ]
  if (issues.length > 0) throw new ConfigError(issues)
  checkOptionSettings(functions, config.functionOptions)
  return functions
}

/** Whether a function's own manifest, where it would lie for some source, is what the function waits for. */
function triggersItself(definition: FunctionDefinition): boolean {
  const { bucket, outputBucket, minBytes } = definition
  const place = placeOf(definition, { bucket, key: 'any.file' })
  const [route] = createRouter([definition])({
    bucket: outputBucket,
    key: place.manifestKey,
    sizeBytes: minBytes,
  })
  return route?.mismatch === undefined
}

/** Connects; that neither Redis nor MinIO answers yet is no failure. */
export function createParts(
  config: Config,
  functions: readonly FunctionDefinition[],
  log: Logger,
  closers: Closers,
): Parts {
  if (!config.runtimeCredentials) {
    throw new ConfigError([
      'MINIO_ACCESS_KEY and MINIO_SECRET_KEY: the runtime’s account; `sluice setup` makes it',
    ])
  }
  const names = functions.map(({ name }) => name)
  const metrics = createMetrics(names)
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
  redis.on('close', () => metrics.redisConnected.set(0))
  const storage = createStorage({
    endpoint: config.minioEndpoint,
    region: config.minioRegion,
    credentials: config.runtimeCredentials,
  })
  closers.add('storage', () => storage.close())
  return { config, functions, redis, queue, storage, metrics, log }
}
