/** The values of settings: parsers that throw a RangeError saying what is valid, and schema fields made of them. Pure. @module */
import { parseJson } from '../json.ts'
import { isIP, isIPv6 } from 'node:net'
import { z } from 'zod'
import { messageOf } from '../errors.ts'
import { parseDurationMs } from '../time.ts'

export const ROLES = ['api', 'intake', 'worker', 'streams'] as const
/** Without `streams`: it needs an account of its own, which an upgraded deployment does not have. */
export const DEFAULT_ROLES: readonly Role[] = ['api', 'intake', 'worker']
export type Role = (typeof ROLES)[number]

/** Such a machine has neither the API nor the account that the other roles need. */
export function receivesOnly(own: readonly Role[]): boolean {
  return own.every((role) => role === 'streams')
}

const options = z.record(z.string(), z.record(z.string(), z.unknown()))

/** Never quotes the text: it may hold a password. */
const url =
  (...protocols: readonly string[]) =>
  (text: string) => {
    const wanted = protocols.map((name) => `${name}//`).join(' or ')
    const parts = URL.canParse(text) ? new URL(text) : undefined
    if (!parts || !protocols.includes(parts.protocol))
      throw new RangeError(`not a URL starting with ${wanted}`)
    if (parts.hostname === '' || parts.port === '0')
      throw new RangeError(`a URL must have a host, and a port from 1 to 65535: ${wanted}host:port`)
    return text.replace(/\/$/, '')
  }

export function redisUrl(text: string): string {
  const parsed = url('redis:', 'rediss:')(text)
  if (!/^(\/\d*)?$/.test(new URL(parsed).pathname))
    throw new RangeError('only the number of a database may follow the host, such as /0')
  return parsed
}

export function minioEndpoint(text: string): string {
  const parsed = url('http:', 'https:')(text)
  const { origin } = new URL(parsed)
  // Requests are signed for paths starting with the bucket, so a path prefix would break each of them.
  if (new URL(parsed).href !== `${origin}/`)
    throw new RangeError(
      'S3 is served at the root of its host: write http://host:port, without path, user or query',
    )
  return parsed
}

/** Such as `/sluice`; empty for none. A slash at the end does not count. */
export function basePath(text: string): string {
  const path = text.replace(/\/$/, '')
  const isFit = /^(?:\/[\w.~-]+)*$/.test(path) && !/\/\.{1,2}(?:\/|$)/.test(path)
  if (!isFit)
    throw new RangeError(`"${text}": write a path such as /sluice, of letters, digits, "-", "_", "." and "~"`)
  if (/^\/(?:v1|healthz|readyz|metrics|openapi\.json)(?:\/|$)/.test(path))
    throw new RangeError(`"${text}" starts like a path of the API: choose another one, such as /sluice`)
  return path
}

/** Without a slash at the end. */
export function grafanaUrl(text: string): string {
  return /^\/(?!\/)[\w./~-]*$/.test(text) ? text.replace(/\/$/, '') : webUrl(text)
}

/** Of pages for people; without a slash at the end. */
export function webUrl(text: string): string {
  const found = url('http:', 'https:')(text)
  const { username, search, hash } = new URL(found)
  if (username || search || hash)
    throw new RangeError('write https://host or https://host/path, without user or query')
  return found
}

/** @param portSetting - the setting that people may have meant when they wrote a port as well */
export const host =
  (portSetting: string) =>
  (text: string): string => {
    if (!/^[\w.:-]+$/.test(text) || (text.includes(':') && !isIPv6(text)))
      throw new RangeError(`"${text}" is not a host name or address; set the port with ${portSetting}`)
    return text
  }

/** The host at which programs of this machine reach a server that listens on `host`, for a URL. */
export function hostHere(host: string): string {
  const reached = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host
  return reached.includes(':') ? `[${reached}]` : reached
}

/** Whether only programs of this machine can reach it. Names are not resolved, so `localhost` is the only one that counts. */
export function isLoopback(name: string): boolean {
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'))
}

/** Whether a socket's address is of this machine. Shape: `::ffff:127.0.0.1` where the socket has both families. */
export function isThisMachine(address: string): boolean {
  return isLoopback(address.replace(/^::ffff:/, ''))
}

/** Whether a `Host` header names this machine. Shape: `localhost:8080`, `127.0.0.1`, `[::1]:8080`. */
export function isLoopbackHost(host: string): boolean {
  const name = /^(?:\[([\da-f:]+)\]|([\w.-]+))(?::\d+)?$/i.exec(host)
  return isLoopback((name?.[1] ?? name?.[2] ?? '').toLowerCase())
}

/** The token a client sends after `Bearer `; never quoted in a message. */
export function token(text: string): string {
  if (!/^[\x21-\x7e]{16,512}$/.test(text))
    throw new RangeError('a token has 16 to 512 characters: ASCII without spaces')
  return text
}

export function names(text: string): readonly string[] {
  const found = text
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)
  if (text !== '' && found.length === 0) throw new RangeError(`"${text}" contains no name`)
  return found
}

export function roles(text: string): readonly Role[] {
  const wrong = names(text).filter((name) => !ROLES.includes(name as Role))
  if (wrong.length > 0) throw new RangeError(`"${wrong.join(',')}": valid are ${ROLES.join(', ')}`)
  return names(text) as readonly Role[]
}

export function functionOptions(text: string): z.output<typeof options> {
  const result = options.safeParse(parseJson(text))
  if (!result.success)
    throw new RangeError('write options by function as JSON, such as {"chunk":{"seconds":4}}')
  return result.data
}

const rules = z.record(z.string(), z.array(z.string().regex(/^[a-z][a-z0-9-]*$/)))

/** Function names by glob. Whether there are such functions is known only when their list is read. */
export function makeRules(text: string): z.output<typeof rules> {
  const result = rules.safeParse(parseJson(text))
  if (!result.success)
    throw new RangeError(
      'write lists of functions by pattern as JSON, such as {"videos/**":["hls","poster"]}',
    )
  return result.data
}

/** The parts of a row in docs/settings.md that its schema does not have. */
interface Row {
  readonly range?: string
  readonly byDefault?: string
}

/** The same field with its row in docs/settings.md. */
export function described<T extends z.ZodType>(field: T, description: string, row: Row = {}): T {
  return field.meta({ ...field.meta(), ...row, description })
}

/** A setting that `parse` reads from text; an error of `parse` becomes the issue. */
export function parsed<T>(parse: (text: string) => T, fallback: string) {
  return z.string().default(fallback).transform(by(parse))
}

export function by<T>(parse: (text: string) => T) {
  return (text: string, context: z.RefinementCtx): T => {
    try {
      return parse(text)
    } catch (error) {
      context.addIssue({ code: 'custom', message: messageOf(error) })
      return z.NEVER
    }
  }
}

export type Bound = readonly [text: string, ms: number]

export function duration(fallback: string, least: Bound, most: Bound) {
  return parsed(durationWithin(least, most), fallback).meta({ range: `${least[0]} to ${most[0]}` })
}

export function durationWithin(least: Bound, most: Bound) {
  return (text: string): number => {
    const ms = parseDurationMs(text)
    if (ms < least[1]) throw new RangeError(`"${text}" is too short: at least ${least[0]}`)
    if (ms > most[1]) throw new RangeError(`"${text}" is too long: at most ${most[0]}`)
    return ms
  }
}

export const count = (min: number, max: number, fallback: number) =>
  z.coerce
    .number()
    .int()
    .min(min)
    .max(max)
    .default(fallback)
    .meta({ range: `${min} to ${max}` })
