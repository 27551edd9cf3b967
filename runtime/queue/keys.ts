/**
 * The names of all keys in Redis; the scripts spell them too. All share one hash tag.
 * @module
 */
import { hash } from 'node:crypto'

export const GROUP = 'w'
export const LANES = ['live', 'low', 'solo'] as const
/** The stream of its function in which a run waits: uploads, backfill, or runs that get a worker to themselves. */
export type Lane = (typeof LANES)[number]

export interface Keys {
  /** `{sluice}:`, given to every script. */
  readonly prefix: string
  /** The list that MinIO pushes to; only `admit` trims it. */
  readonly inbox: string
  /** Stream: malformed notifications, with the beginning of their text and the reason. */
  readonly bad: string
  /** Hash: the texts of the inbox that each intake has read and not yet processed. */
  readonly reading: string
  /** Sorted set: runs that wait for their retry, by due time. */
  readonly delay: string
  /** Sorted set: runs in a final state, by the time of their end. */
  readonly ended: string
  /** Stream: debts that can never be paid, with their reasons. */
  readonly aside: string
  /** Hash: places where a verdict is, or may be soon, with the mark of the last note (verdict-places.ts). */
  readonly verdictPlaces: string
  /** String: the server whose notes of verdicts are complete; expires unless it is kept. */
  readonly verdictsKnown: string
  /** Sorted set: the outbox (debts.ts), by due time. */
  readonly debts: string
  /** Hash: of debts that were put off, how often and since when. */
  readonly debtAttempts: string
  /** Channel: tells all workers of something to pay or cancel, of new limits, and of runs that were taken back. */
  readonly wake: string
  /** Channel: the changes of each call of a script (changes.ts). */
  readonly live: string
  /** Channel: the lines of a tool that works on a run, while somebody listens. */
  liveOf(runId: string): string
  /** Hash: how many attempts of a minute since 1970 ended how, by `<function> <outcome>`; kept for 25 hours. */
  tally(minute: number): string
  /** Sorted set: all known runs, by the time of their request. */
  readonly runs: string
  /** Hash: each function's limits, a copy of those in the bucket. */
  readonly limits: string
  /** Hash: the sweep in progress with its counts, the requests that wait, and the reports of the last ones. */
  readonly sweep: string
  /** Hash: the place of the janitor's round. */
  readonly janitor: string
  /** Sorted set: the streams that are live or wait for their sender, by the time of their owner's last beat. */
  readonly activeStreams: string
  /** Sorted set: streams whose last session has ended, by the time of that; those of the last week, 1,000 at most. */
  readonly endedStreams: string
  /** Hash: the records of streams, keys and wanted pulls, a copy of those in the bucket. */
  readonly streamRecords: string
  /** Hash: of each stream that is to be pulled, its last failure. */
  readonly streamPulls: string
  /** Hash: a stream with its current session, and its owner. */
  streamState(name: string): string
  /** List: summaries of a stream's last sessions. */
  streamHistory(name: string): string
  /** String: the process that has a lock (lock.ts). */
  lock(what: string): string
  stream(functionName: string, lane: Lane): string
  dead(functionName: string): string
  /** Sorted set: the workers that serve a function, by the time when their registration expires. */
  workers(functionName: string): string
  /** Channel: tells one worker that waits of something to claim. */
  readonly wakeOf: (consumer: string) => string
  /** How a worker was lost, as its supervisor noted it: a kind and words. */
  fate(consumer: string): string
  run(runId: string): string
  /** Hash: the texts of a run that are too long for its own. */
  texts(runId: string): string
  /** List: the newest attempts of a run that did not succeed. */
  tries(runId: string): string
  /** List: the announcements of an object. */
  events(objectId: string): string
  /** Set: runs of an object that are waiting or running, except those in `marked`. */
  open(objectId: string): string
  /** Set: runs of an object that are waiting or running and are marked superseded. */
  marked(objectId: string): string
  /** Set: versions of an object that the runtime itself has removed. */
  consumed(objectId: string): string
  /** Set: runs of an object that ended without a result and may be run again. */
  failed(objectId: string): string
}

export function createKeys(name: string): Keys {
  const prefix = `{${name}}:`
  return {
    prefix,
    inbox: `${prefix}in`,
    bad: `${prefix}bad`,
    reading: `${prefix}reading`,
    delay: `${prefix}delay`,
    ended: `${prefix}ended`,
    aside: `${prefix}aside`,
    verdictPlaces: `${prefix}verdict-places`,
    verdictsKnown: `${prefix}verdicts:known`,
    debts: `${prefix}tidy`,
    debtAttempts: `${prefix}tidy:tries`,
    wake: `${prefix}wake`,
    live: `${prefix}live`,
    liveOf: (runId) => `${prefix}live:${runId}`,
    tally: (minute) => `${prefix}tally:${minute}`,
    runs: `${prefix}runs`,
    limits: `${prefix}limits`,
    sweep: `${prefix}sweep`,
    janitor: `${prefix}janitor`,
    activeStreams: `${prefix}streams`,
    endedStreams: `${prefix}streams:ended`,
    streamRecords: `${prefix}streams:records`,
    streamPulls: `${prefix}streams:pulls`,
    streamState: (name) => `${prefix}stream:${name}`,
    streamHistory: (name) => `${prefix}stream:${name}:history`,
    lock: (what) => `${prefix}duty:${what}`,
    stream: (functionName, lane) => `${prefix}q:${functionName}${lane === 'live' ? '' : `:${lane}`}`,
    dead: (functionName) => `${prefix}dead:${functionName}`,
    workers: (functionName) => `${prefix}workers:${functionName}`,
    wakeOf: (consumer) => `${prefix}wake:${consumer}`,
    fate: (consumer) => `${prefix}fate:${consumer}`,
    run: (runId) => `${prefix}run:${runId}`,
    texts: (runId) => `${prefix}text:${runId}`,
    tries: (runId) => `${prefix}tries:${runId}`,
    events: (objectId) => `${prefix}events:${objectId}`,
    open: (objectId) => `${prefix}open:${objectId}`,
    marked: (objectId) => `${prefix}marked:${objectId}`,
    consumed: (objectId) => `${prefix}consumed:${objectId}`,
    failed: (objectId) => `${prefix}failed:${objectId}`,
  }
}

/** 32 hex digits. The same object version for the same function is the same run, whatever asked for it. */
export function runIdOf(functionName: string, bucket: string, key: string, generation: string): string {
  return digest(functionName, bucket, key, generation)
}

/** The name of an object in Redis: 32 hex digits, since keys may contain any character. */
export function objectIdOf(bucket: string, key: string): string {
  return digest(bucket, key)
}

/** The name of a verdict's place in Redis: 32 hex digits, since keys may contain any character. */
export function verdictPlaceId(bucket: string, key: string): string {
  return digest(bucket, key)
}

function digest(...parts: readonly string[]): string {
  return hash('sha256', parts.join('\0')).slice(0, 32)
}
