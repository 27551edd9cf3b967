/**
 * The secrets of a whole stack, and the files made from them for programs that need another form.
 * @module
 */
import { createHmac, randomBytes } from 'node:crypto'
import { compareSync, hashSync } from 'bcryptjs'
import { REDIS_USERS, redisAcl } from '../redis/users.ts'
import type { Credentials } from '../../settings/config.ts'

/** Random texts, one in each file. */
export const SECRETS = [
  ...REDIS_USERS.map((user) => `redis-${user}` as const),
  'minio-root',
  'minio-runtime',
  'minio-uploader',
  'minio-metrics',
  'minio-streams',
  'token-reader',
  'token-operator',
  'token-admin',
  'grafana-admin',
  'grafana-viewer',
  'edge-operator',
  'insight-encryption',
] as const
export type SecretName = (typeof SECRETS)[number]

/** Names of accounts are not secret. MinIO's limit is 20 characters. */
export const MINIO_ACCOUNTS = {
  root: 'sluice-root',
  runtime: 'sluice-runtime',
  uploader: 'sluice-uploader',
  metrics: 'sluice-metrics',
  streams: 'sluice-streams',
} as const

/** 160 bits, only letters and digits, so that no URL, shell or settings file has to quote them. MinIO allows 40 characters. */
export function newSecret(): string {
  return randomBytes(20).toString('hex')
}

export interface Derived {
  readonly file: string
  readonly from: readonly SecretName[]
  /** Its contents; `current` unchanged if it still fits the secrets. */
  make(secretOf: (name: SecretName) => string, current: string | undefined): string
}

/** Files in the forms that the programs of docker-compose.yml read. */
export function derivedFiles(name: string): readonly Derived[] {
  return [
    {
      file: 'redis-users.acl',
      from: REDIS_USERS.map((user) => `redis-${user}` as const),
      make: (secretOf) => redisAcl(name, (user) => secretOf(`redis-${user}`)),
    },
    {
      file: 'redis-url',
      from: ['redis-runtime'],
      make: (secretOf) => `redis://runtime:${secretOf('redis-runtime')}@redis:6379`,
    },
    {
      // The exporter looks up its password by the address: older versions without the user in it, newer ones with it.
      file: 'redis-exporter.json',
      from: ['redis-exporter'],
      make: (secretOf) =>
        JSON.stringify({
          'redis://redis:6379': secretOf('redis-exporter'),
          'redis://exporter@redis:6379': secretOf('redis-exporter'),
        }),
    },
    {
      // MINIO_CONFIG_ENV_FILE, as event targets cannot read a password from a file of its own.
      file: 'minio.env',
      from: ['minio-root', 'redis-minio'],
      make: (secretOf) =>
        [
          `MINIO_ROOT_USER=${MINIO_ACCOUNTS.root}`,
          `MINIO_ROOT_PASSWORD=${secretOf('minio-root')}`,
          ...['FAST', 'DURABLE'].map(
            (target) => `MINIO_NOTIFY_REDIS_PASSWORD_${target}=${secretOf('redis-minio')}`,
          ),
          '',
        ].join('\n'),
    },
    {
      file: 'minio_metrics_token',
      from: ['minio-metrics'],
      make: (secretOf) =>
        metricsToken({ accessKey: MINIO_ACCOUNTS.metrics, secretKey: secretOf('minio-metrics') }),
    },
    {
      file: 'edge-users',
      from: ['edge-operator'],
      make: (secretOf, current) => edgeUsers(secretOf('edge-operator'), current),
    },
  ]
}

const EDGE_USER = 'operator'
/** The minimum: 160 random bits cannot be guessed, however cheap a guess is. */
const BCRYPT_ROUNDS = 4
/**
 * This many bytes of `operator:<password>` are compared in clear before the hash: 36 bits of the password, so that wrong logins cost
 * no more than other requests, while 124 bits remain that only the hash knows. The bytes make whole groups of base64.
 */
const COMPARED_BYTES = 18

/** The login in Caddy's syntax. Each hash has a different salt, so a hash that still fits is kept. */
function edgeUsers(password: string, current: string | undefined): string {
  const hash = / (\$2[aby]\$04\$\S+)$/m.exec(current ?? '')?.[1]
  const isKept = hash !== undefined && compareSync(password, hash)
  const login = Buffer.from(`${EDGE_USER}:${password}`)
  // For a short password, which a person has chosen, only the name.
  const compared = login.subarray(0, login.length >= COMPARED_BYTES ? COMPARED_BYTES : EDGE_USER.length + 1)
  const beginning = compared.toString('base64').replaceAll('+', '[+]')
  return [
    `@stranger not header_regexp Authorization "^(?i:basic) ${beginning}"`,
    'header @stranger WWW-Authenticate "Basic realm=\\"sluice\\""',
    'respond @stranger 401',
    'basicauth bcrypt sluice {',
    `\t${EDGE_USER} ${isKept ? hash : hashSync(password, BCRYPT_ROUNDS)}`,
    '}',
    '',
  ].join('\n')
}

export function isSecretName(name: string): name is SecretName {
  return SECRETS.some((secret) => secret === name)
}

/** The services of docker-compose.yml that read each secret when they start; `setup` first, as it changes MinIO. */
const READERS: Readonly<Record<SecretName, readonly string[]>> = {
  'redis-runtime': ['redis', 'runtime', 'receiver'],
  'redis-minio': ['redis', 'minio'],
  'redis-exporter': ['redis', 'redis-exporter'],
  'redis-insight': ['redis', 'redisinsight'],
  'redis-health': ['redis'],
  'redis-admin': ['redis'],
  'minio-root': ['minio', 'setup'],
  'minio-runtime': ['setup', 'runtime'],
  'minio-uploader': ['setup', 'runtime'],
  'minio-metrics': ['setup', 'prometheus'],
  'minio-streams': ['setup', 'receiver'],
  'token-reader': ['runtime'],
  // An operator may also send a stream.
  'token-operator': ['runtime', 'receiver'],
  'token-admin': ['runtime', 'receiver'],
  'grafana-admin': ['grafana'],
  // Only for new accounts: existing ones keep their password, which an administrator changes in Grafana.
  'grafana-viewer': ['grafana-setup'],
  'edge-operator': ['edge'],
  'insight-encryption': ['redisinsight'],
}

/** The manual steps after a rotation, in order: servers, accounts, clients. */
export function restartsFor(names: readonly SecretName[]): readonly string[] {
  const readers = [...new Set(names.flatMap((name) => READERS[name]))]
  const isServer = (service: string) => service === 'redis' || service === 'minio'
  const recreate = (services: readonly string[]) =>
    services.length === 0 ? [] : [`docker compose up -d --no-deps --force-recreate ${services.join(' ')}`]
  return [
    ...recreate(readers.filter(isServer)),
    ...(readers.includes('setup') ? ['docker compose run --rm setup'] : []),
    ...recreate(readers.filter((service) => !isServer(service) && service !== 'setup')),
    ...(names.includes('grafana-admin') ? [GRAFANA_LINE] : []),
  ]
}

/** Grafana reads the file only when it creates the account. */
const GRAFANA_LINE =
  "docker compose exec grafana sh -c 'grafana cli admin reset-admin-password --password-from-stdin < /run/secrets/grafana-admin'"

/** Of the token of Prometheus: MinIO requires an expiry. This one is 2100-01-01; changing the account's secret ends the token earlier. */
const EXPIRES_S = 4_102_444_800

/**
 * The token that `mc admin prometheus generate` would print, but for an account that may do nothing else: that command uses root's.
 */
export function metricsToken({ accessKey, secretKey }: Credentials): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${part({ alg: 'HS512', typ: 'JWT' })}.${part({ exp: EXPIRES_S, sub: accessKey, iss: 'prometheus' })}`
  return `${text}.${createHmac('sha512', secretKey).update(text).digest('base64url')}`
}
