/**
 * The part of a stream that outlives its sessions: the pull that is wanted, and the keys with which senders may push.
 * Of a key only its SHA-256 is stored: 128 random bits cannot be guessed from it. Pure.
 * @module
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { parseJson } from '../json.ts'
import { JOINS, ON_FULL } from '../settings/streams.ts'
import { DAY_MS, parseDurationMs, SECOND_MS } from '../time.ts'

/** In the place of a name: keys of this record are good for every stream. */
export const ANY_STREAM = '*'

/** For how long a key that can no longer be used is still listed. */
const USELESS_KEY_MS = 30 * DAY_MS

const keySchema = z.object({
  /** Not secret. */
  id: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  createdAtMs: z.int(),
  expiresAtMs: z.int().optional(),
  revokedAtMs: z.int().optional(),
})

const pullSchema = z.object({
  /** May hold a password: show it with {@link withoutSecrets} only. */
  url: z.string(),
  sinceMs: z.int(),
  /** In the place of SLUICE_STREAMS_SECONDS, _SESSION, _RECONNECT, _JOIN; of pulls only, in that of `drop-oldest`. */
  seconds: z.int().optional(),
  maxDurationMs: z.int().optional(),
  reconnectMs: z.int().optional(),
  join: z.enum(JOINS).optional(),
  onFull: z.enum(ON_FULL).optional(),
})

const recordSchema = z.object({
  schema: z.literal(1),
  /** Grows with each change. */
  revision: z.int().min(0),
  wanted: pullSchema.optional(),
  keys: z.array(keySchema),
})

/** For sentences about {@link isKeyLifetime}. */
export const KEY_LIFETIMES = '1s to 3650d, such as 90s, 12h or 30d'
const LONGEST_LIFETIME_MS = 3_650 * DAY_MS

/** Whether a text such as `12h` says how long a key may be good. */
export function isKeyLifetime(text: string): boolean {
  try {
    const lifetimeMs = parseDurationMs(text)
    return lifetimeMs >= SECOND_MS && lifetimeMs <= LONGEST_LIFETIME_MS
  } catch {
    return false
  }
}

export type StreamKey = z.output<typeof keySchema>
export type WantedPull = z.output<typeof pullSchema>
export type StreamRecord = z.output<typeof recordSchema>

export const NO_RECORD: StreamRecord = { schema: 1, revision: 0, keys: [] }

/** Undefined for anything else: there is no record, or somebody wrote into the bucket by hand. */
export function parseStreamRecord(text: string): StreamRecord | undefined {
  return recordSchema.safeParse(parseJson(text)).data
}

export type RecordChange = (record: StreamRecord) => Pick<StreamRecord, 'keys' | 'wanted'>

/** The record after a change; keys that have long been useless are left out. */
export function changedRecord(record: StreamRecord, change: RecordChange, nowMs: number): StreamRecord {
  const { keys, wanted } = change(record)
  const isKept = ({ expiresAtMs = Infinity, revokedAtMs = Infinity }: StreamKey) =>
    Math.min(expiresAtMs, revokedAtMs) > nowMs - USELESS_KEY_MS
  return { schema: 1, revision: record.revision + 1, keys: keys.filter(isKept), ...(wanted && { wanted }) }
}

export interface NewKey {
  readonly key: StreamKey
  /** 22 characters of URLs: shown once, and stored nowhere. */
  readonly secret: string
}

export function createKey(nowMs: number, expiresInMs?: number): NewKey {
  const secret = randomBytes(16).toString('base64url')
  const key = { id: randomBytes(4).toString('hex'), sha256: hashOf(secret), createdAtMs: nowMs }
  return { secret, key: { ...key, ...(expiresInMs !== undefined && { expiresAtMs: nowMs + expiresInMs }) } }
}

export type KeyCheck =
  { readonly kind: 'right'; readonly keyId: string } | { readonly kind: 'wrong' | 'expired' | 'revoked' }

/** Takes the same time whichever key a secret resembles, and whether it is one. */
export function findKey(keys: readonly StreamKey[], secret: string, nowMs: number): KeyCheck {
  const given = Buffer.from(hashOf(secret), 'hex')
  // Every key is compared: the time must not tell which one it was.
  const [found] = keys.filter(({ sha256 }) => timingSafeEqual(given, Buffer.from(sha256, 'hex')))
  if (!found) return { kind: 'wrong' }
  if (found.revokedAtMs !== undefined) return { kind: 'revoked' }
  if (found.expiresAtMs !== undefined && found.expiresAtMs <= nowMs) return { kind: 'expired' }
  return { kind: 'right', keyId: found.id }
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/**
 * For people and logs: the URL without its password, and with the values of its query hidden, since cameras take passwords there.
 * So is the path of RTMP behind the name of the application: it is a stream key as a rule.
 */
export function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return '(not a URL)'
  const shown = new URL(url)
  if (shown.username) shown.username = '***'
  if (shown.password) shown.password = '***'
  for (const name of new Set(shown.searchParams.keys())) shown.searchParams.set(name, '***')
  shown.hash = ''
  if (shown.protocol === 'rtmp:') shown.pathname = shown.pathname.replace(/^(\/[^/]*\/).+$/, '$1***')
  return shown.href
}
