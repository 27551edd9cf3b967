/** Notification rules: whether each bucket that a function reads tells of its uploads, by both ways and of nothing else. @module */
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
      'the runtime’s account may not read them; that needs MINIO_ROOT_USER and MINIO_ROOT_PASSWORD',
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
              ? 'DURABLE tells of uploads and removals'
              : 'FAST and DURABLE tell of uploads and removals',
          )
    } catch (error) {
      if (!isStorageCode(error, 'NoSuchBucket')) throw error
      yield fail(check, `there is no bucket ${bucket}`, setupLine(subject))
    }
  }
  for (const bucket of resultBuckets(functions)) yield* checkRemovals(subject, root, bucket)
}

/** Without them a removal is found by the sweep, but not one of every version by its id. */
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
      ? ok(check, 'DURABLE tells of removed results')
      : warn(
          check,
          `the removal of a result (${REMOVAL_SUFFIX}) is not announced: one that is removed with all its versions may be made again`,
          setupLine(subject),
        )
  } catch (error) {
    if (!isStorageCode(error, 'NoSuchBucket')) throw error
    yield fail(check, `there is no bucket ${bucket}`, setupLine(subject))
  }
}

/** What came while nothing was announced stays as it is until somebody asks for it. */
function missedLine({ invocation }: Subject, bucket: string): string {
  return `${invocation} reprocess --prefix ${bucket}/ --status missing`
}

/** What is wrong with a bucket's rules for our targets, in words; rules of others are theirs. Pure. */
export function judgeRules(xml: string, { isStrict }: { readonly isStrict: boolean }): readonly string[] {
  const rules = queueRulesIn(xml)
  const rulesOf = (arn: string) => rules.filter((rule) => rule.arn === arn)
  const durable = complaintsOf('DURABLE', rulesOf(DURABLE_ARN))
  if (!isStrict) return [...complaintsOf('FAST', rulesOf(FAST_ARN)), ...durable]
  return rulesOf(FAST_ARN).length === 0
    ? durable
    : [
        'FAST is bound, and SLUICE_STRICT_EVENTS is on: with synchronous events a hung Redis holds uploads up',
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
          `a rule of ${target} has the filter ${filters.join(', ')}: other uploads are never announced; matching is the functions’ matter`,
        ]
      : []),
    ...(wide.length > 0
      ? [
          `${target} is bound to ${wide.join(', ')}, which tells of tags and retention too: what tags its source loops`,
        ]
      : []),
    ...(foreign.length > 0 ? [`${target} is bound to ${foreign.join(', ')}, which is no upload`] : []),
    ...(missing.length > 0 && filters.length === 0
      ? [`${target} is not bound to ${missing.join(', ')}`]
      : []),
  ]
}

const WITHOUT: Readonly<Record<string, string>> = {
  FAST: 'uploads start up to 3 s late',
  DURABLE: 'uploads are lost while Redis is away',
}
