/** The two event targets of MinIO on Redis: FAST at once, DURABLE without loss. Both write to one list. @module */
import { z } from 'zod'
import { ALIAS, withMc, type McOptions } from './mc.ts'

export const FAST_ARN = 'arn:minio:sqs::FAST:redis'
export const DURABLE_ARN = 'arn:minio:sqs::DURABLE:redis'

export interface EventTargets {
  /** `host:port` of Redis, as MinIO sees it. */
  readonly redisAddress: string
  readonly redisUser?: string | undefined
  readonly redisPassword?: string | undefined
  /** The runtime's name (SLUICE_NAME): the list is `{name}:in`. */
  readonly name: string
  /** The folder for events while Redis is away, on the machine of MinIO. */
  readonly queueDir: string
  /** Only the durable target, and a PUT waits until its event is stored. */
  readonly isStrict: boolean
}

/** More would cost MinIO a larger map at start and a longer sort at each pass (internal/store/queuestore.go). */
const QUEUE_LIMIT = 200_000

/**
 * The targets as environment variables of MinIO.
 *
 * @see design.md, section 4
 */
export function eventTargetEnv(targets: EventTargets): Record<string, string> {
  const target = (id: string, more: Record<string, string> = {}) => {
    const settings: Record<string, string | undefined> = {
      ENABLE: 'on',
      ADDRESS: targets.redisAddress,
      FORMAT: 'access',
      KEY: `{${targets.name}}:in`,
      USER: targets.redisUser,
      PASSWORD: targets.redisPassword,
      ...more,
    }
    return Object.entries(settings).flatMap(([setting, value]) =>
      value ? [[`MINIO_NOTIFY_REDIS_${setting}_${id}`, value] as const] : [],
    )
  }
  const durable = target('DURABLE', { QUEUE_DIR: targets.queueDir, QUEUE_LIMIT: String(QUEUE_LIMIT) })
  return Object.fromEntries(
    targets.isStrict ? [...durable, ['MINIO_API_SYNC_EVENTS', 'on']] : [...target('FAST'), ...durable],
  )
}

/** The settings that the targets follow from. */
export interface WantedTargets {
  readonly redisUrl: string
  /** SLUICE_NAME. */
  readonly name: string
  /** Only the durable target, with synchronous events. */
  readonly isStrict: boolean
}

/** The same for a person to copy: the settings that MinIO must be started with. Passwords are left for that person to fill in. */
export function eventTargetLines(options: WantedTargets): readonly string[] {
  const { hostname, port, username, password } = new URL(options.redisUrl)
  const env = eventTargetEnv({
    redisAddress: `${hostname}:${port || 6379}`,
    redisUser: decodeURIComponent(username),
    redisPassword: password && '<the password in REDIS_URL>',
    name: options.name,
    queueDir: '<a folder on a disk of MinIO, such as /var/lib/minio-events>',
    isStrict: options.isStrict,
  })
  return Object.entries(env).map(([name, value]) => `${name}=${value}`)
}

export interface TargetSettings {
  /** FAST or DURABLE. */
  readonly name: string
  readonly settings: Readonly<Record<string, string>>
}

export interface TargetFacts {
  /** The targets that are enabled, such as `arn:minio:sqs::FAST:redis`. */
  readonly arns: readonly string[]
  /** `online` or `offline`, by the name of a target. */
  readonly status: Readonly<Record<string, string>>
  readonly targets: readonly TargetSettings[]
  readonly hasSyncEvents: boolean
}

/** **Shape**: `{"status":"success","info":{"sqsARN":["arn:…"],"services":{"notifications":[{"redis":[{"FAST":{"status":"online"}}]}]}}}`. */
const infoSchema = z.object({
  info: z.object({
    sqsARN: z.array(z.string()).nullish(),
    services: z
      .object({
        notifications: z
          .array(z.record(z.string(), z.array(z.record(z.string(), z.object({ status: z.string() })))))
          .nullish(),
      })
      .nullish(),
  }),
})

/** **Shape**: `{"config":[{"subSystem":"notify_redis","target":"FAST","kv":[{"key":"format","value":"","envOverride":{"value":"access"}}]}]}`. */
const configSchema = z.object({
  config: z.array(
    z.object({
      target: z.string().optional(),
      kv: z.array(
        z.object({
          key: z.string(),
          value: z.string(),
          envOverride: z.object({ value: z.string() }).optional(),
        }),
      ),
    }),
  ),
})

/**
 * The event targets as MinIO has them.
 *
 * @throws {Error} with the reason that mc gave; no secret is in it
 */
export async function inspectEventTargets(options: McOptions): Promise<TargetFacts> {
  return withMc(options, async (mc) => {
    const ask = async (...args: readonly string[]): Promise<unknown> => JSON.parse(await mc(args))
    const { info } = infoSchema.parse(await ask('info', ALIAS))
    const redis = configSchema.parse(await ask('config', 'get', ALIAS, 'notify_redis'))
    const api = configSchema.parse(await ask('config', 'get', ALIAS, 'api'))
    const online = (info.services?.notifications ?? []).flatMap((service) => service['redis'] ?? [])
    return {
      arns: info.sqsARN ?? [],
      status: Object.fromEntries(
        online.flatMap((target) => Object.entries(target).map(([name, { status }]) => [name, status])),
      ),
      targets: redis.config.flatMap(({ target, kv }) =>
        target === undefined ? [] : [{ name: target, settings: settingsOf(kv) }],
      ),
      hasSyncEvents: api.config.some(({ kv }) => settingsOf(kv)['sync_events'] === 'on'),
    }
  })
}

type KeyValue = z.output<typeof configSchema>['config'][number]['kv'][number]

function settingsOf(kv: readonly KeyValue[]): Readonly<Record<string, string>> {
  return Object.fromEntries(kv.map(({ key, value, envOverride }) => [key, envOverride?.value ?? value]))
}
