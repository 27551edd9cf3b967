import { describe, expect, it } from 'vitest'
import { EVENTS, mergeNotifications, REMOVAL_EVENTS } from '../../../../runtime/setup/minio/notifications.ts'

const FAST = 'arn:minio:sqs::FAST:redis'
const DURABLE = 'arn:minio:sqs::DURABLE:redis'

/** As MinIO gives it back: captured from the build of February 2026. */
const THEIRS =
  '<QueueConfiguration><Id>theirs</Id><Filter><S3Key><FilterRule><Name>prefix</Name><Value>a&amp;b/</Value></FilterRule></S3Key></Filter><Event>s3:ObjectCreated:*</Event><Queue>arn:minio:sqs::1:webhook</Queue></QueueConfiguration>'

function answer(...rules: readonly string[]): string {
  return `<NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${rules.join('')}</NotificationConfiguration>`
}

function rule(id: string, arn: string, events: readonly string[] = EVENTS, filter = ''): string {
  const list = events.map((event) => `<Event>${event}</Event>`).join('')
  return `<QueueConfiguration><Id>${id}</Id>${filter}${list}<Queue>${arn}</Queue></QueueConfiguration>`
}

const done = [rule('sluice-fast', FAST), rule('sluice-durable', DURABLE)]

describe('rules that are written', () => {
  it('bind both targets with exactly the six events where there is nothing', () => {
    const xml = mergeNotifications(answer(), { isStrict: false }) ?? ''
    expect(xml.match(/<Queue>.*?<\/Queue>/g)).toEqual([`<Queue>${FAST}</Queue>`, `<Queue>${DURABLE}</Queue>`])
    expect(xml.match(/<Event>.*?<\/Event>/g)).toEqual(
      [...EVENTS, ...EVENTS].map((event) => `<Event>${event}</Event>`),
    )
    expect(xml).not.toContain('Filter')
  })

  it('bind only the durable target when events are strict, and unbind the fast one', () => {
    const xml = mergeNotifications(answer(THEIRS, ...done), { isStrict: true })
    expect(xml).toContain(DURABLE)
    expect(xml).not.toContain(FAST)
    expect(xml).toContain(THEIRS)
  })

  it('keep those of others letter by letter', () => {
    expect(mergeNotifications(answer(THEIRS), { isStrict: false })).toContain(THEIRS)
  })

  it('keep a rule that others made for our target with other events', () => {
    const reads = rule('reads', FAST, ['s3:ObjectAccessed:Get'])
    expect(mergeNotifications(answer(reads), { isStrict: false })).toContain(reads)
  })

  it.each([
    { name: 'outdated events', current: [rule('sluice-fast', FAST, EVENTS.slice(1)), rule('sluice-durable', DURABLE)] },
    { name: 'events too many', current: [rule('sluice-fast', FAST, [...EVENTS, 's3:ObjectAccessed:Get']), rule('sluice-durable', DURABLE)] },
    { name: 'a filter', current: [rule('sluice-fast', FAST, EVENTS, '<Filter><S3Key><FilterRule><Name>suffix</Name><Value>.mp4</Value></FilterRule></S3Key></Filter>'), rule('sluice-durable', DURABLE)] },
    { name: 'another target under our name', current: [rule('sluice-fast', DURABLE), rule('sluice-durable', DURABLE)] },
    { name: 'a rule made by hand for our target', current: [...done, rule('by-hand', FAST, ['s3:ObjectCreated:*'])] },
    { name: 'one of two missing', current: [rule('sluice-durable', DURABLE)] },
  ])('replace our own with $name', ({ current }) => {
    const xml = mergeNotifications(answer(...current), { isStrict: false }) ?? ''
    expect(xml.match(/<Id>.*?<\/Id>/g)).toEqual(['<Id>sluice-fast</Id>', '<Id>sluice-durable</Id>'])
    expect(xml.match(/<Event>/g)).toHaveLength(12)
  }) // prettier-ignore
})

describe('nothing is written', () => {
  it.each(['', '<html>Bad gateway</html>', 'no XML <'])(
    'over a text that is not a configuration: %j',
    (text) => {
      expect(() => mergeNotifications(text, { isStrict: false })).toThrow(/is MINIO_ENDPOINT an S3 endpoint/)
    },
  )

  it('when nothing has to change, in any order of the events', () => {
    const current = answer(
      THEIRS,
      rule('sluice-fast', FAST, EVENTS.toReversed()),
      rule('sluice-durable', DURABLE),
    )
    expect(mergeNotifications(current, { isStrict: false })).toBeUndefined()
  })

  it('when only the durable target is wanted and bound', () => {
    expect(mergeNotifications(answer(rule('sluice-durable', DURABLE)), { isStrict: true })).toBeUndefined()
  })
})

describe('of a bucket with results that no function reads', () => {
  const told = { isStrict: false, announced: 'removed results' } as const
  const SUFFIX =
    '<Filter><S3Key><FilterRule><Name>suffix</Name><Value>/manifest.json</Value></FilterRule></S3Key></Filter>'
  const own = (filter = SUFFIX) => rule('sluice-durable', DURABLE, [...REMOVAL_EVENTS].toReversed(), filter)

  it('one rule announces removed manifests, and nothing else', () => {
    const xml = mergeNotifications(answer(THEIRS), told) ?? ''
    expect(xml).toContain(THEIRS)
    expect(xml).toContain('<Value>/manifest.json</Value>')
    expect(xml.match(/<Event>.*?<\/Event>/g)).toEqual(
      ['s3:ObjectCreated:*', ...REMOVAL_EVENTS].map((event) => `<Event>${event}</Event>`),
    )
    expect(mergeNotifications(xml, told)).toBeUndefined()
    expect(mergeNotifications(answer(THEIRS, own()), told)).toBeUndefined()
  })

  it.each([
    { name: 'no filter', current: [own('')] },
    { name: 'another filter', current: [own(SUFFIX.replace('/manifest', '.verdict'))] },
    { name: 'the rules of uploads, from when a function read it', current: done },
  ])('is bound again over $name', ({ current }) => {
    const xml = mergeNotifications(answer(...current), told) ?? ''
    expect(xml.match(/<Id>.*?<\/Id>/g)).toEqual(['<Id>sluice-durable</Id>'])
    expect(xml).toContain('/manifest.json')
  })

  it('gives way to the rules of uploads when a function reads it', () => {
    const xml = mergeNotifications(answer(own()), { isStrict: true }) ?? ''
    expect(xml).not.toContain('Filter')
    expect(xml.match(/<Event>/g)).toHaveLength(6)
  })
})
