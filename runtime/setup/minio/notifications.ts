/** The rules by which a bucket tells of its uploads, merged into those that others made. Pure. @module */
import { DURABLE_ARN, FAST_ARN } from './event-targets.ts'
import { childOf, childrenOf, parseXml, textOf, type XmlNode } from '../../storage/xml.ts'

/**
 * Exactly these: `s3:ObjectCreated:*` would also tell of tags, and whoever tags what it reads would loop.
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

/** Of a bucket that the runtime writes to and no function reads: whether somebody has removed a result. */
export const REMOVAL_EVENTS = [
  's3:ObjectRemoved:Delete',
  's3:ObjectRemoved:DeleteMarkerCreated',
  // Of a lifecycle rule that takes all versions at once.
  's3:ObjectRemoved:DeleteAllVersions',
] as const
export const REMOVAL_SUFFIX = '/manifest.json'

/** What a bucket tells of. */
export type Told = 'uploads' | 'removed results'

interface Rule {
  readonly id: string
  readonly arn: string
  readonly events: readonly string[]
  /** Only keys that end with it; '' for all. */
  readonly suffix: string
}

const FAST: Rule = { id: 'sluice-fast', arn: FAST_ARN, events: EVENTS, suffix: '' }
const DURABLE: Rule = { id: 'sluice-durable', arn: DURABLE_ARN, events: EVENTS, suffix: '' }
/** Nobody waits for these, so once is enough. */
const REMOVALS: Rule = { ...DURABLE, events: REMOVAL_EVENTS, suffix: REMOVAL_SUFFIX }

/**
 * What to write back; undefined when all is as it should be. Rules of others are kept letter by letter.
 *
 * @throws {StorageError} when `currentXml` is no such configuration: it would be lost
 */
export function mergeNotifications(
  currentXml: string,
  options: { readonly isStrict: boolean; readonly told?: Told },
): string | undefined {
  parseXml(currentXml, 'NotificationConfiguration')
  const ofUploads = options.isStrict ? [DURABLE] : [FAST, DURABLE]
  const wanted = options.told === 'removed results' ? [REMOVALS] : ofUploads
  const current = currentXml.match(/<((?:Queue|Topic|CloudFunction)Configuration)>.*?<\/\1>/gs) ?? []
  const theirs = current.filter((xml) => !isOurs(xml))
  const ours = current.filter((xml) => isOurs(xml))
  const isDone =
    ours.length === wanted.length && wanted.every((rule) => ours.some((xml) => isExactly(xml, rule)))
  if (isDone) return undefined
  return `<NotificationConfiguration>${[...theirs, ...wanted.map(toXml)].join('')}</NotificationConfiguration>`
}

/**
 * Made by us, or made by hand for one of our targets with one of our events: MinIO takes no two rules of one target
 * that overlap, and ours of uploads, without filters, contains that one.
 */
function isOurs(xml: string): boolean {
  if (!xml.startsWith('<QueueConfiguration>')) return false
  const rule = parseRule(xml)
  if (rule.id === FAST.id || rule.id === DURABLE.id) return true
  return (
    (rule.arn === FAST_ARN || rule.arn === DURABLE_ARN) &&
    rule.events.some((event) =>
      EVENTS.some((own) => own === event || own.startsWith(event.replace(/\*$/, ''))),
    )
  )
}

function isExactly(xml: string, { id, arn, events, suffix }: Rule): boolean {
  const rule = parseRule(xml)
  return (
    rule.id === id &&
    rule.arn === arn &&
    rule.filters.join() === (suffix && `suffix ${suffix}`) &&
    rule.events.length === events.length &&
    events.every((event) => rule.events.includes(event))
  )
}

function parseRule(xml: string) {
  const node = parseXml(xml, 'QueueConfiguration')
  return {
    id: first(node, 'Id'),
    arn: first(node, 'Queue'),
    events: texts(node, 'Event'),
    filters: childrenOf(childOf(childOf(node, 'Filter'), 'S3Key'), 'FilterRule').map(
      (filter) => `${textOf(filter, 'Name')} ${textOf(filter, 'Value')}`,
    ),
  }
}

function first(node: XmlNode, name: string): string | undefined {
  return texts(node, name)[0]
}

function texts(node: XmlNode, name: string): readonly string[] {
  const value = node[name] ?? []
  return [value].flat().filter((item): item is string => typeof item === 'string')
}

function toXml({ id, arn, events, suffix }: Rule): string {
  const list = events.map((event) => `<Event>${event}</Event>`).join('')
  const filter = suffix
    ? `<Filter><S3Key><FilterRule><Name>suffix</Name><Value>${suffix}</Value></FilterRule></S3Key></Filter>`
    : ''
  return `<QueueConfiguration><Id>${id}</Id><Queue>${arn}</Queue>${list}${filter}</QueueConfiguration>`
}
