/** The token with which Prometheus reads MinIO's metrics, made without MinIO. Pure. @module */
import { createHmac } from 'node:crypto'
import type { Credentials } from '../../settings/config.ts'

/** MinIO requires an expiry. This one is 2100-01-01; changing the account's secret ends the token earlier. */
const EXPIRES_S = 4_102_444_800

/**
 * The token that `mc admin prometheus generate` would print, but for an account that may do nothing else: that command uses root's.
 */
export function metricsToken({ accessKey, secretKey }: Credentials): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${part({ alg: 'HS512', typ: 'JWT' })}.${part({ exp: EXPIRES_S, sub: accessKey, iss: 'prometheus' })}`
  return `${text}.${createHmac('sha512', secretKey).update(text).digest('base64url')}`
}
