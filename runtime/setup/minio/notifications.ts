/** Notification rules of a bucket: read, and merged into those that others made. @module */
import { ConfigError } from '../../errors.ts'
import { isStorageCode } from '../../storage/errors.ts'
import type { Requester } from '../../storage/request.ts'
import { writeSetting } from './buckets.ts'
import { DURABLE_ARN, eventTargetLines, FAST_ARN, type WantedTargets } from './event-targets.ts'
import { childOf, childrenOf, parseXml, textOf, type XmlNode } from '../../storage/xml.ts'

/**
 * Exactly these: `s3:ObjectCreated:*` would also announce tags, and a function that tags its source would loop.
 *
 * @see design.md, section 4
 */
export const EVENTS = [
  's3:ObjectCreated:Put',
  's3:ObjectCreated:Post',
  's3:ObjectCreated:Copy',
  's3:ObjectCreated:CompleteMultipartUpload',
  's3:ObjectRemoved:Delete',
  's3:ObjectRemoved:DeleteMarkerCreated',
] as const

/** In a bucket that the runtime writes to and no function reads: somebody has removed a result. */
export const REMOVAL_EVENTS = [
  's3:ObjectRemoved:Delete',
  's3:ObjectRemoved:DeleteMarkerCreated',
  // From a lifecycle rule that removes all versions at once.
  's3:ObjectRemoved:DeleteAllVersions',
] as const
export const REMOVAL_SUFFIX = '/manifest.json'

/** The events of a bucket that are announced. */
export type Announced = 'uploads' | 'removed results'

interface WantedRule {
  readonly id: string
  readonly arn: string
  readonly events: readonly string[]
  /** Only keys that end with this; '' for all. */
  readonly suffix: string
}

const FAST: WantedRule = { id: 'sluice-fast', arn: FAST_ARN, events: EVENTS, suffix: '' }
const DURABLE: WantedRule = { id: 'sluice-durable', arn: DURABLE_ARN, events: EVENTS, suffix: '' }
/** Nothing waits for these, so one target is enough. */
const REMOVALS: WantedRule = { ...DURABLE, events: REMOVAL_EVENTS, suffix: REMOVAL_SUFFIX }

/** A rule of a queue target, as a bucket has it. */
export interface BucketRule {
  readonly id: string
  readonly arn: string
  readonly events: readonly string[]
  /** Such as `suffix "/manifest.json"`. */
  readonly filters: readonly string[]
}

/** The configuration as XML. */
export async function readNotifications(requester: Requester, bucket: string): Promise<string> {
  return (await requester.read({ method: 'GET', bucket, query: { notification: '' } })).text
}

export function queueRulesIn(xml: string): readonly BucketRule[] {
  return childrenOf(parseXml(xml, 'NotificationConfiguration'), 'QueueConfiguration').map(ruleOf)
}

/**
 * Announces the events of a bucket to our targets; whether something had to be changed.
 *
 * @throws {ConfigError} when MinIO does not know the targets
 */
export async function bindEvents(
  requester: Requester,
  { endpoint, ...wanted }: WantedTargets & { readonly endpoint: string },
  bucket: string,
  announced: Announced,
): Promise<boolean> {
  const current = await readNotifications(requester, bucket)
  const merged = mergeNotifications(current, { isStrict: wanted.isStrict, announced })
  if (merged === undefined) return false
  try {
    await writeSetting(requester, bucket, { notification: '' }, merged)
    return true
  } catch (error) {
    if (!isStorageCode(error, 'InvalidArgument')) throw error
    throw new ConfigError([
      `MinIO at ${endpoint} does not accept our event targets for bucket "${bucket}" (${error.message}). Start it with:`,
      ...eventTargetLines(wanted).map((line) => `  ${line}`),
      'and if these are set already, look for rules with a target that no longer exists: mc event list',
    ])
  }
}

/**
 * The configuration to write back; undefined when nothing has to change. Rules of others are kept letter by letter.
 *
 * @throws {StorageError} when `currentXml` is not such a configuration, which would be lost
 */
export function mergeNotifications(
  currentXml: string,
  options: { readonly isStrict: boolean; readonly announced?: Announced },
): string | undefined {
  parseXml(currentXml, 'NotificationConfiguration')
  const ofUploads = options.isStrict ? [DURABLE] : [FAST, DURABLE]
  const wanted = options.announced === 'removed results' ? [REMOVALS] : ofUploads
  const current = currentXml.match(/<((?:Queue|Topic|CloudFunction)Configuration)>.*?<\/\1>/gs) ?? []
  const theirs = current.filter((xml) => !isOurs(xml))
  const ours = current.filter((xml) => isOurs(xml))
  const isDone =
    ours.length === wanted.length && wanted.every((rule) => ours.some((xml) => isExactly(xml, rule)))
  if (isDone) return undefined
  return `<NotificationConfiguration>${[...theirs, ...wanted.map(toXml)].join('')}</NotificationConfiguration>`
}

/**
 * Whether it was made by us, or by hand for one of our targets with one of our events: MinIO refuses two rules of one target
 * that overlap, and ours for uploads, without filters, contains that one.
 */
function isOurs(xml: string): boolean {
  if (!xml.startsWith('<QueueConfiguration>')) return false
  const rule = ruleOf(parseXml(xml, 'QueueConfiguration'))
  if (rule.id === FAST.id || rule.id === DURABLE.id) return true
  return (
    (rule.arn === FAST_ARN || rule.arn === DURABLE_ARN) &&
    rule.events.some((event) =>
      EVENTS.some((own) => own === event || own.startsWith(event.replace(/\*$/, ''))),
    )
  )
}

function isExactly(xml: string, { id, arn, events, suffix }: WantedRule): boolean {
  const rule = ruleOf(parseXml(xml, 'QueueConfiguration'))
  return (
    rule.id === id &&
    rule.arn === arn &&
    rule.filters.join() === (suffix && `suffix "${suffix}"`) &&
    rule.events.length === events.length &&
    events.every((event) => rule.events.includes(event))
  )
}

function ruleOf(node: XmlNode): BucketRule {
  return {
    id: textOf(node, 'Id'),
    arn: textOf(node, 'Queue'),
    events: [node['Event'] ?? []].flat().filter((item): item is string => typeof item === 'string'),
    filters: childrenOf(childOf(childOf(node, 'Filter'), 'S3Key'), 'FilterRule').map(
      (filter) => `${textOf(filter, 'Name')} "${textOf(filter, 'Value')}"`,
    ),
  }
}

function toXml({ id, arn, events, suffix }: WantedRule): string {
  const list = events.map((event) => `<Event>${event}</Event>`).join('')
  const filter = suffix
    ? `<Filter><S3Key><FilterRule><Name>suffix</Name><Value>${suffix}</Value></FilterRule></S3Key></Filter>`
    : ''
  return `<QueueConfiguration><Id>${id}</Id><Queue>${arn}</Queue>${list}${filter}</QueueConfiguration>`
}
