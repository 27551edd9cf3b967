/**
 * A run's hash in Redis, read: `scripts/prelude_run.lua` writes it, and says how. Texts that are too long for it are in a hash of
 * their own. Only reads.
 * @module
 */
import type { Progress } from '../function/definition.ts'
import type { Keys, Lane } from './keys.ts'
import type { Redis } from './redis.ts'
import { isOpen, type RunPayload, type RunRecord, type RunState, type Trigger } from './run.ts'

export type RunFields = Readonly<Record<string, string>>
/** The error says why nothing can be read: a matter of this run alone. */
type FoundFields = RunFields | SyntaxError

const STATES: Readonly<Record<string, RunState>> = {
  q: 'queued',
  r: 'running',
  w: 'retrying',
  s: 'succeeded',
  d: 'dead',
  c: 'cancelled',
  o: 'superseded',
  g: 'source-gone',
}
const LANES: Readonly<Record<string, Lane>> = { l: 'live', b: 'low', s: 'solo' }
const TRIGGERS: Readonly<Record<string, Trigger>> = { u: 'upload', s: 'sweep', p: 'reprocess', d: 'redrive' }
const HINTS: Readonly<Record<string, string>> = { o: 'superseded', g: 'source-gone' }
/** Letters, fence, token, six counts, a time and three that are relative to it. */
const PACKED =
  /^([a-z])([a-z])([a-z])([ogcpx]*),(\d+),([^,]*),(\d*),(\d*),(\d*),(\d*),(\d*),(\d*),(\d+),(-?\d*),(-?\d*),(-?\d*)$/

type RunFacts = Omit<RunRecord, 'runId' | 'functionName' | 'payload' | 'progress'> & {
  readonly token: string
  readonly isCancelAsked: boolean
}

/** Without names, and without the generation, which the run has beside it. A version that is the generation is `1`. */
export function encodePayload(payload: RunPayload): string {
  const { bucket, key, generation, versionId, etag, sizeBytes, lastModifiedMs, eventTimeMs, options } =
    payload
  const version = versionId === generation ? 1 : (versionId ?? 0)
  const eventMs = eventTimeMs === lastModifiedMs ? 0 : eventTimeMs
  const row = [bucket, key, version, etag, sizeBytes, lastModifiedMs, eventMs]
  return JSON.stringify(options === undefined ? row : [...row, options])
}

type PayloadRow = [
  bucket: string,
  key: string,
  version: string | number,
  etag: string,
  sizeBytes: number,
  lastModifiedMs: number,
  eventMs: number,
  options?: RunPayload['options'],
]

/** @throws {SyntaxError} when it cannot be read */
export function decodePayload(text: string, generation: string): RunPayload {
  const found = JSON.parse(text) as PayloadRow | RunPayload | null
  if (typeof found !== 'object' || found === null) throw new SyntaxError('its payload is not a list')
  const isRow = Array.isArray(found)
  if (isRow && found.length < 7) throw new SyntaxError('its payload is cut off')
  const [named, of] = isRow ? found : [found.bucket, found.key]
  if (typeof named !== 'string' || typeof of !== 'string')
    throw new SyntaxError('its payload names no object')
  // As the release before kept it.
  if (!isRow) return found
  const [bucket, key, version, etag, sizeBytes, lastModifiedMs, eventMs, options] = found
  return {
    bucket,
    key,
    generation,
    ...(version !== 0 && { versionId: version === 1 ? generation : String(version) }),
    etag,
    sizeBytes,
    lastModifiedMs,
    eventTimeMs: eventMs || lastModifiedMs,
    ...(options && { options }),
  }
}

/**
 * The record in the fields of a hash, or undefined when there is none.
 *
 * @throws {SyntaxError} when it cannot be read
 */
export function parseRun(runId: string, fields: FoundFields): RunRecord | undefined {
  if (fields instanceof SyntaxError) throw fields
  const { fn, generation = '' } = fields
  const facts = parseFacts(fields)
  const payload = payloadText(fields)
  if (!facts || !fn) return undefined
  if (!payload) throw new SyntaxError('its payload is gone')
  const optional = (name: 'worker' | 'reason' | 'error' | 'lines' | 'result') =>
    fields[name] ? { [name]: fields[name] } : {}
  const { token: _, isCancelAsked: __, ...rest } = facts
  return {
    runId,
    functionName: fn,
    payload: decodePayload(payload, generation),
    ...rest,
    ...optional('worker'),
    ...optional('reason'),
    ...optional('error'),
    ...optional('lines'),
    ...optional('result'),
    ...(fields['progress'] ? { progress: JSON.parse(fields['progress']) as Progress } : {}),
  }
}

/**
 * All that the state text says; undefined when there is none.
 *
 * @throws {SyntaxError} when it cannot be read
 */
export function parseFacts(fields: FoundFields): RunFacts | undefined {
  if (fields instanceof SyntaxError) throw fields
  const text = fields['s']
  if (text === undefined) return factsBefore(fields)
  const [, ...parts] = PACKED.exec(text) ?? []
  const [stateLetter = '', laneLetter = '', triggerLetter = '', flags = '', fence, token = '', ...numbers] =
    parts
  const [state, lane, trigger] = [STATES[stateLetter], LANES[laneLetter], TRIGGERS[triggerLetter]]
  if (!state || !lane || !trigger) throw new SyntaxError(`its state ${JSON.stringify(text)} is not one`)
  const [attempts, crashes, losses, copies, dups, epoch, createdAtMs = 0] = numbers.map(Number)
  const since = (index: number) => (numbers[index] ? createdAtMs + Number(numbers[index]) : undefined)
  return factsOf({
    state,
    lane,
    trigger,
    hint: HINTS[/[og]/.exec(flags)?.[0] ?? ''],
    isCancelAsked: flags.includes('c'),
    fence: Number(fence),
    token,
    counts: [attempts, crashes, losses, copies, dups, epoch].map((count) => count ?? 0),
    createdAtMs,
    queuedAtMs: since(7),
    startedAtMs: since(8),
    atMs: since(9),
  })
}

interface Parts extends Pick<
  RunFacts,
  'state' | 'lane' | 'trigger' | 'fence' | 'token' | 'isCancelAsked' | 'createdAtMs'
> {
  /** Attempts, crashes, losses, copies, dups, epoch. */
  readonly counts: readonly number[]
  readonly hint: string | undefined
  readonly queuedAtMs: number | undefined
  readonly startedAtMs: number | undefined
  /** When it is due, or when it ended. */
  readonly atMs: number | undefined
}

function factsOf({ counts, hint, queuedAtMs, startedAtMs, atMs, ...parts }: Parts): RunFacts {
  const [attempts = 0, crashes = 0, losses = 0, copies = 0, dups = 0, epoch = 0] = counts
  const isDue = parts.state === 'retrying'
  return {
    ...parts,
    attempts,
    crashes,
    losses,
    copies,
    dups,
    epoch,
    ...(hint && { hint }),
    ...(queuedAtMs !== undefined && { queuedAtMs }),
    ...(startedAtMs !== undefined && { startedAtMs }),
    ...(atMs !== undefined && isDue && { dueAtMs: atMs }),
    ...(atMs !== undefined && !isOpen(parts.state) && { endedAtMs: atMs }),
  }
}

/** As the release before kept it: a field for each. */
function factsBefore(fields: RunFields): RunFacts | undefined {
  if (!fields['state']) return undefined
  const state = fields['state'] as RunState
  const number = (name: string) => Number(fields[name] ?? 0)
  const optional = (name: string) => (fields[name] ? Number(fields[name]) : undefined)
  return factsOf({
    state,
    lane: (fields['lane'] ?? 'live') as Lane,
    trigger: (fields['trigger'] ?? 'upload') as Trigger,
    hint: fields['hint'],
    isCancelAsked: fields['cancel'] === '1',
    fence: number('fence'),
    token: fields['token'] ?? '',
    counts: ['attempts', 'crashes', 'losses', 'copies', 'dups', 'epoch'].map(number),
    createdAtMs: number('createdAt'),
    queuedAtMs: optional('queuedAt'),
    startedAtMs: optional('startedAt'),
    atMs: optional(state === 'retrying' ? 'dueAt' : 'endedAt'),
  })
}

function payloadText(fields: RunFields): string {
  if (fields['payload']) return fields['payload']
  let text = ''
  for (let at = 0; fields[`p${at}`] !== undefined; at++) text += fields[`p${at}`]
  return text
}

/** A record that cannot be read is not shown: it spoils no page. `repair` and claims set it aside with the reason. */
export function readable<T>(parse: () => T, tell?: (reason: string) => void): T | undefined {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    tell?.(error.message)
    return undefined
  }
}

/** Somebody has written a key of another type over one of ours. */
export function isOtherType(error: Error): boolean {
  return error.message.startsWith('WRONGTYPE')
}

function otherType(): SyntaxError {
  return new SyntaxError('its key in Redis is of another type')
}

/**
 * The fields of runs and their long texts, in the order of the ids; empty for unknown ones, an error where the key is of another
 * type.
 */
export async function readRunFields(
  redis: Redis,
  keys: Keys,
  runIds: readonly string[],
): Promise<readonly FoundFields[]> {
  const pipeline = redis.pipeline()
  for (const runId of runIds) pipeline.hgetall(keys.run(runId)).hgetall(keys.texts(runId))
  const replies = ((await pipeline.exec()) ?? []).map(([error, fields]) => {
    if (error && !isOtherType(error)) throw error
    return error ? undefined : (fields as RunFields)
  })
  return runIds.map((_, index) => {
    const own = replies[2 * index]
    return own ? { ...replies[2 * index + 1], ...own } : otherType()
  })
}
