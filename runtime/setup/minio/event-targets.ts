/** The two ways in which MinIO tells Redis: FAST at once, DURABLE without loss. Both write to one list. @module */

export const FAST_ARN = 'arn:minio:sqs::FAST:redis'
export const DURABLE_ARN = 'arn:minio:sqs::DURABLE:redis'

export interface EventTargets {
  /** `host:port` of Redis, as MinIO sees it. */
  readonly redisAddress: string
  readonly redisUser?: string | undefined
  readonly redisPassword?: string | undefined
  /** The runtime's name (SLUICE_NAME): the list is `{name}:in`. */
  readonly name: string
  /** Where events wait while Redis is away; on the machine of MinIO. */
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

/** The same for a person to copy: what MinIO must be started with. Passwords are left for that person to fill in. */
export function eventTargetLines(options: {
  readonly redisUrl: string
  readonly name: string
  readonly isStrict: boolean
}): readonly string[] {
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
