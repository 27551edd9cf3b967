/**
 * The folder in which MinIO keeps events while Redis is away. An event that was torn there, by a full disk or a host that lost
 * its power, blocks all that come after it for ever, and MinIO says so in its own log only.
 * @module
 */
import { shellWord } from '../../telemetry/safe-text.ts'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { MINUTE_MS, SECOND_MS } from '../../time.ts'
import { countText, durationText } from '../terminal/amounts.ts'
import { fail, ok, skipped, warn, type Finding } from './finding.ts'

const CHECK = 'queue folder'
/** A younger file may just be written. */
const SETTLED_MS = 5 * SECOND_MS
/** MinIO looks every 3 s and sends some 460 events a second. */
const LATE_MS = MINUTE_MS
/** Of a full folder the oldest tell enough. */
const LOOK_AT = 1_000
const SHOWN = 5

interface StagedEvent {
  readonly path: string
  readonly ageMs: number
}

/** @param invocation - how to call the command line */
export async function checkQueueFolder(folder: string, invocation: string): Promise<Finding> {
  const names = await readdir(folder, { recursive: true }).catch(() => undefined)
  if (!names) return skipped(CHECK, `${folder} is on the machine of MinIO, or not for this user to read`)
  const paths = names.filter((name) => name.endsWith('.event')).map((name) => join(folder, name))
  const events = await agesOf(paths)
  const torn: StagedEvent[] = []
  for (const event of events.slice(0, LOOK_AT))
    if (event.ageMs > SETTLED_MS && (await isTorn(event.path))) torn.push(event)
  if (torn.length > 0) {
    return fail(
      CHECK,
      `${countText(torn.length, 'event')} in ${folder} were torn when they were written: MinIO may send none of the ${events.length} there, and tries for ever. What they told of is found by the sweep`,
      ...torn.slice(0, SHOWN).map(({ path }) => `rm ${shellWord(path)}`),
      `${invocation} sweep`,
    )
  }
  const [oldest] = events
  if (oldest && oldest.ageMs > LATE_MS) {
    return warn(
      CHECK,
      `${countText(events.length, 'event')} in ${folder} wait, the oldest for ${durationText(oldest.ageMs)}: MinIO does not bring them to Redis; see the targets above, and MinIO's log`,
    )
  }
  return ok(CHECK, events.length === 0 ? `${folder} is empty` : `${events.length} on their way in ${folder}`)
}

/** Oldest first; one that MinIO has delivered meanwhile is gone. */
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
