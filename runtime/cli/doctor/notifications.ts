/** Notification rules: each bucket that a function reads announces its uploads through both targets, and nothing else. @module */
import { DURABLE_ARN, FAST_ARN } from '../../setup/minio/event-targets.ts'
import {
  EVENTS,
  mergeNotifications,
  queueRulesIn,
  readNotifications,
  REMOVAL_SUFFIX,
  type BucketRule,
} from '../../setup/minio/notifications.ts'
import { resultBuckets } from '../../setup/minio/policies.ts'
import { isStorageCode } from '../../storage/errors.ts'
import { fail, ok, skipped, warn, type Findings } from './finding.ts'
import { setupLine, type Subject } from './subject.ts'

export async function* checkNotifications(subject: Subject): Findings {
  const { root, functions, config } = subject
  if (!root) {
    yield skipped(
      'rules',
      'this needs MINIO_ROOT_USER and MINIO_ROOT_PASSWORD: the runtime’s account may not read them',
    )
    return
  }
  for (const bucket of new Set(functions.map((fn) => fn.bucket))) {
    const check = `rules of ${bucket}`
    try {
      const complaints = judgeRules(await readNotifications(root.requester, bucket), {
        isStrict: config.isStrictEvents,
      })
      yield complaints.length > 0
        ? fail(check, complaints.join('; '), setupLine(subject), missedLine(subject, bucket))
        : ok(
            check,
            config.isStrictEvents
              ? 'DURABLE announces uploads and removals'
              : 'FAST and DURABLE announce uploads and removals',
          )
    } catch (error) {
      if (!isStorageCode(error, 'NoSuchBucket')) throw error
      yield fail(check, `there is no bucket ${bucket}`, setupLine(subject))
    }
  }
  for (const bucket of resultBuckets(functions)) yield* checkRemovals(subject, root, bucket)
}

/** Without them the sweep finds a removal, but not the removal of every version by its id. */
async function* checkRemovals(
  subject: Subject,
  { requester }: NonNullable<Subject['root']>,
  bucket: string,
): Findings {
  const check = `rules of ${bucket}`
  try {
    const current = await readNotifications(requester, bucket)
    const isDone = mergeNotifications(current, { isStrict: true, announced: 'removed results' }) === undefined
    yield isDone
      ? ok(check, 'DURABLE announces removed results')
      : warn(
          check,
          `the removal of a result (${REMOVAL_SUFFIX}) is not announced: a result that is removed with all its versions may be made again`,
          setupLine(subject),
        )
  } catch (error) {
    if (!isStorageCode(error, 'NoSuchBucket')) throw error
    yield fail(check, `there is no bucket ${bucket}`, setupLine(subject))
  }
}

/** Uploads from while nothing was announced run only on request. */
function missedLine({ invocation }: Subject, bucket: string): string {
  return `${invocation} reprocess --prefix ${bucket}/ --status missing`
}

/** The errors in a bucket's rules for our targets, in words; rules of others do not matter. Pure. */
export function judgeRules(xml: string, { isStrict }: { readonly isStrict: boolean }): readonly string[] {
  const rules = queueRulesIn(xml)
  const rulesOf = (arn: string) => rules.filter((rule) => rule.arn === arn)
  const durable = complaintsOf('DURABLE', rulesOf(DURABLE_ARN))
  if (!isStrict) return [...complaintsOf('FAST', rulesOf(FAST_ARN)), ...durable]
  return rulesOf(FAST_ARN).length === 0
    ? durable
    : [
        'FAST is bound although SLUICE_STRICT_EVENTS is on: with synchronous events, a hung Redis blocks uploads',
        ...durable,
      ]
}

function complaintsOf(target: string, rules: readonly BucketRule[]): readonly string[] {
  const filters = rules.flatMap((rule) => rule.filters)
  const events = rules.filter((rule) => rule.filters.length === 0).flatMap((rule) => rule.events)
  const wide = events.filter((event) => event.endsWith('*'))
  const isCovered = (event: string) =>
    events.includes(event) || wide.some((name) => event.startsWith(name.slice(0, -1)))
  const missing = EVENTS.filter((event) => !isCovered(event))
  const foreign = events.filter((event) => !event.endsWith('*') && !EVENTS.some((own) => own === event))
  if (rules.length === 0) return [`no rule is bound to ${target}: ${WITHOUT[target]}`]
  return [
    ...(filters.length > 0
      ? [
          `a rule of ${target} has the filter ${filters.join(', ')}: other uploads are never announced; leave matching to the functions`,
        ]
      : []),
    ...(wide.length > 0
      ? [
          `${target} is bound to ${wide.join(', ')}, which announces tags and retention too: a function that tags its source would loop`,
        ]
      : []),
    ...(foreign.length > 0
      ? [`${target} is also bound to ${foreign.join(', ')}, which is not an upload event`]
      : []),
    ...(missing.length > 0 && filters.length === 0
      ? [`${target} is not bound to ${missing.join(', ')}`]
      : []),
  ]
}

const WITHOUT: Readonly<Record<string, string>> = {
  FAST: 'runs start up to 3 s late',
  DURABLE: 'uploads are lost while Redis is away',
}
