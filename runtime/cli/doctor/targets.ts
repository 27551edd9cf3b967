/** MinIO's event targets: known, online, and with settings by which no event is lost or late. @module */
import { parseJson } from '../../json.ts'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../errors.ts'
import {
  DURABLE_ARN,
  eventTargetLines,
  FAST_ARN,
  inspectEventTargets,
  type TargetFacts,
  type WantedTargets,
} from '../../setup/minio/event-targets.ts'
import { findMc } from '../../setup/minio/mc.ts'
import { fail, type Finding, type Findings, ok, skipped, warn } from './finding.ts'
import { isHere, type Subject } from './subject.ts'
import { shellWord } from '../../telemetry/safe-text.ts'
import { MINUTE_MS, SECOND_MS } from '../../time.ts'
import { countText, durationText } from '../terminal/amounts.ts'

export async function* checkTargets(subject: Subject): Findings {
  const { root, config, env } = subject
  if (!root) {
    yield skipped(
      'targets',
      'this needs MINIO_ROOT_USER and MINIO_ROOT_PASSWORD: only root may read their settings',
    )
    return
  }
  const mcPath = await findMc(env['PATH'] ?? '')
  if (mcPath === undefined) {
    yield skipped('targets', 'this needs mc, MinIO’s client, which is not on PATH')
    return
  }
  const facts = await inspectEventTargets({
    mcPath,
    endpoint: config.minioEndpoint,
    rootCredentials: root.credentials,
  }).catch((error: unknown) => error as Error)
  if (facts instanceof Error) yield skipped('targets', messageOf(facts))
  else {
    const { redisUrl, name, isStrictEvents: isStrict } = config
    yield* judgeTargets(facts, { redisUrl, name, isStrict })
    const folder = facts.targets.find((target) => target.name === 'DURABLE')?.settings['queue_dir']
    if (folder && isHere(new URL(config.minioEndpoint).hostname))
      yield await checkQueueFolder(folder, subject.invocation)
  }
}

type Name = 'FAST' | 'DURABLE'
const ARNS: Readonly<Record<Name, string>> = { FAST: FAST_ARN, DURABLE: DURABLE_ARN }
/** MinIO's default limit is ten times as many. */
const SMALL_QUEUE = 10_000

/** Pure. */
export function judgeTargets(facts: TargetFacts, wanted: WantedTargets): readonly Finding[] {
  const names: readonly Name[] = wanted.isStrict ? ['DURABLE'] : ['FAST', 'DURABLE']
  return [...names.flatMap((name) => judgeTarget(facts, wanted, name)), judgeSync(facts, wanted.isStrict)]
}

function judgeTarget(facts: TargetFacts, wanted: WantedTargets, name: Name): readonly Finding[] {
  const check = `target ${name}`
  // The settings of this target that MinIO must be started with.
  const lines = eventTargetLines(wanted).filter((line) => line.split('=')[0]?.endsWith(`_${name}`))
  const line = (setting: string) => lines.filter((text) => text.startsWith(`MINIO_NOTIFY_REDIS_${setting}_`))
  const settings = facts.targets.find((target) => target.name === name)?.settings
  if (!settings || !facts.arns.includes(ARNS[name]))
    return [fail(check, `MinIO does not know ${ARNS[name]}: start it with`, ...lines)]
  const {
    format = '',
    key = '',
    address = '',
    queue_dir: queueDir = '',
    queue_limit: queueLimit = '0',
  } = settings
  const inbox = `{${wanted.name}}:in`
  const found: Finding[] = []
  if (format !== 'access')
    found.push(
      fail(
        check,
        `format=${format} keeps only the last event of each object: start MinIO with`,
        ...line('FORMAT'),
      ),
    )
  if (key !== inbox)
    found.push(
      fail(check, `pushes to ${key}, but the runtime reads ${inbox}: start MinIO with`, ...line('KEY')),
    )
  if (name === 'FAST' && queueDir !== '')
    found.push(
      fail(
        check,
        'has a queue folder, which makes its events up to 3 s late: start MinIO without',
        'unset MINIO_NOTIFY_REDIS_QUEUE_DIR_FAST',
      ),
    )
  if (name === 'DURABLE' && queueDir === '')
    found.push(
      fail(
        check,
        'has no queue folder: its events are lost while Redis is away. Start MinIO with',
        ...line('QUEUE_DIR'),
      ),
    )
  if (name === 'DURABLE' && Number(queueLimit) > 0 && Number(queueLimit) < SMALL_QUEUE)
    found.push(
      warn(
        check,
        `its queue holds ${queueLimit} events; further events are silently lost. Start MinIO with`,
        ...line('QUEUE_LIMIT'),
      ),
    )
  const status = facts.status[name]
  if (status !== undefined && status !== 'online')
    found.push(
      fail(
        check,
        `${status}: MinIO cannot reach Redis at ${address}, or the list has another type. Start MinIO with`,
        ...line('ADDRESS'),
      ),
    )
  return found.length > 0
    ? found
    : [ok(check, `${status ?? 'known'}, ${address}${queueDir && `, queue in ${queueDir}`}`)]
}

function judgeSync({ hasSyncEvents }: TargetFacts, isStrict: boolean): Finding {
  const check = 'synchronous events'
  if (hasSyncEvents === isStrict) return ok(check, hasSyncEvents ? 'on' : 'off')
  return isStrict
    ? fail(
        check,
        'off although SLUICE_STRICT_EVENTS is on: an upload may be acknowledged before its event is on disk. Start MinIO with',
        'MINIO_API_SYNC_EVENTS=on',
      )
    : fail(
        check,
        'on, with FAST: a hung Redis blocks every upload. Start MinIO with',
        'MINIO_API_SYNC_EVENTS=off',
      )
}

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

/**
 * The folder in which MinIO keeps events while Redis is away. An event file that is truncated there, by a full disk or a host that
 * lost power, can block all later events forever, and MinIO only reports it in its own log.
 *
 * @param invocation - the text that calls the command line
 */
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
  return text !== undefined && parseJson(text) === undefined
}
