/**
 * The folder in which MinIO keeps events while Redis is away. An event file that is truncated there, by a full disk or a host that
 * lost power, can block all later events forever, and MinIO only reports it in its own log.
 * @module
 */
import { shellWord } from '../../telemetry/safe-text.ts'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { MINUTE_MS, SECOND_MS } from '../../time.ts'
import { countText, durationText } from '../terminal/amounts.ts'
import { fail, ok, skipped, warn, type Finding } from './finding.ts'

const CHECK = 'queue folder'
/** A younger file may still be being written. */
const SETTLED_MS = 5 * SECOND_MS
/** MinIO reads the folder every 3 s and sends some 460 events per second. */
const LATE_MS = MINUTE_MS
/** In a full folder the oldest files are enough. */
const LOOK_AT = 1_000
const SHOWN = 5

interface StagedEvent {
  readonly path: string
  readonly ageMs: number
}

/** @param invocation - the text that calls the command line */
export async function checkQueueFolder(folder: string, invocation: string): Promise<Finding> {
  const names = await readdir(folder, { recursive: true }).catch(() => undefined)
  if (!names) return skipped(CHECK, `${folder} is on another machine, or this user may not read it`)
  const paths = names.filter((name) => name.endsWith('.event')).map((name) => join(folder, name))
  const events = await agesOf(paths)
  const torn: StagedEvent[] = []
  for (const event of events.slice(0, LOOK_AT))
    if (event.ageMs > SETTLED_MS && (await isTorn(event.path))) torn.push(event)
  if (torn.length > 0) {
    return fail(
      CHECK,
      `${countText(torn.length, 'event file')} in ${folder} truncated: MinIO may be stuck retrying, and send none of the ${events.length} events there. The sweep will find their uploads`,
      ...torn.slice(0, SHOWN).map(({ path }) => `rm ${shellWord(path)}`),
      `${invocation} sweep`,
    )
  }
  const [oldest] = events
  if (oldest && oldest.ageMs > LATE_MS) {
    return warn(
      CHECK,
      `${countText(events.length, 'event')} waiting in ${folder}, the oldest for ${durationText(oldest.ageMs)}: MinIO does not deliver them to Redis; see the targets above, and MinIO's log`,
    )
  }
  return ok(CHECK, events.length === 0 ? `${folder} is empty` : `${events.length} on their way in ${folder}`)
}

/** Oldest first, without those that MinIO has delivered meanwhile. */
async function agesOf(paths: readonly string[]): Promise<readonly StagedEvent[]> {
  const nowMs = Date.now()
  const found = await Promise.all(
    paths.map(async (path) => {
      const facts = await stat(path).catch(() => undefined)
      return facts && { path, ageMs: nowMs - facts.mtimeMs }
    }),
  )
  return found.filter((event) => event !== undefined).toSorted((a, b) => b.ageMs - a.ageMs)
}

async function isTorn(path: string): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return false
  try {
    JSON.parse(text)
    return false
  } catch {
    return true
  }
}
