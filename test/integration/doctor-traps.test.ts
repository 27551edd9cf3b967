/** `sluice doctor` on real servers: each trap is set on purpose, and it must name it with the line that repairs it. */
import { rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DURABLE_ARN, FAST_ARN } from '../../runtime/setup/minio/event-targets.ts'
import { failureOf, useExamined } from './doctor-servers.ts'

const examined = useExamined()

const rule = (arn: string, event: string, more = '') =>
  `<QueueConfiguration><Queue>${arn}</Queue><Event>${event}</Event>${more}</QueueConfiguration>`
const SUFFIX =
  '<Filter><S3Key><FilterRule><Name>suffix</Name><Value>.mp4</Value></FilterRule></S3Key></Filter>'

const tornPath = () => join(examined.minio.dir, 'events', 'torn.event')

/** As one that was written a minute ago: a younger one may just be written. */
async function plantEvent(text: string): Promise<void> {
  await writeFile(tornPath(), text)
  const before = Date.now() / 1_000 - 60
  await utimes(tornPath(), before, before)
}

describe('names what is wrong, with the line that repairs it:', () => {
  interface Trap {
    readonly name: string
    readonly set: () => Promise<unknown>
    readonly undo: () => Promise<unknown>
    readonly finding: string
    readonly repair: RegExp
  }
  const again = () => examined.setUp()
  const traps: readonly Trap[] = [
    {
      name: 'no append-only file',
      set: () => examined.client.config('SET', 'appendonly', 'no'),
      undo: () => examined.client.config('SET', 'appendonly', 'yes'),
      finding: 'redis: append-only file',
      repair: /CONFIG SET appendonly yes/,
    },
    {
      name: 'eviction',
      set: () => examined.client.config('SET', 'maxmemory-policy', 'allkeys-lru'),
      undo: () => examined.client.config('SET', 'maxmemory-policy', 'noeviction'),
      finding: 'redis: eviction',
      repair: /CONFIG SET maxmemory-policy noeviction/,
    },
    {
      name: 'an inbox of another type',
      set: () => examined.client.set('{sluice}:in', 'text'),
      undo: () => examined.client.del('{sluice}:in'),
      finding: 'redis: inbox',
      repair: /RENAME '\{sluice\}:in'/,
    },
    {
      name: 'a stream of another type',
      set: () => examined.client.set('{sluice}:q:chunk', 'text'),
      undo: () => examined.client.del('{sluice}:q:chunk'),
      finding: 'redis: streams',
      repair: /RENAME '\{sluice\}:q:chunk'/,
    },
    {
      name: 'notifications that nobody takes',
      set: () => examined.client.rpush('{sluice}:in', '[]'),
      undo: () => examined.client.del('{sluice}:in'),
      finding: 'runtime: intake',
      repair: /sluice start/,
    },
    {
      name: 'an event that was torn when it was written',
      set: () => plantEvent('{"EventName":"s3:ObjectCr'),
      undo: () => rm(tornPath()),
      finding: 'targets: queue folder',
      repair: /^rm \S*torn\.event\n/,
    },
    {
      name: 'a rule that is missing',
      set: () => examined.bind(rule(DURABLE_ARN, 's3:ObjectCreated:Put')),
      undo: again,
      finding: 'notifications: rules of incoming',
      repair: /sluice setup/,
    },
    {
      name: 'a rule for ObjectCreated:*',
      set: () => examined.bind(rule(FAST_ARN, 's3:ObjectCreated:*'), rule(DURABLE_ARN, 's3:ObjectCreated:*')),
      undo: again,
      finding: 'notifications: rules of incoming',
      repair: /sluice setup/,
    },
    {
      name: 'a filter in a rule',
      set: () => examined.bind(rule(FAST_ARN, 's3:ObjectCreated:Put', SUFFIX)),
      undo: again,
      finding: 'notifications: rules of incoming',
      repair: /sluice setup/,
    },
    {
      name: 'a bucket that is missing',
      set: () => examined.requester.read({ method: 'DELETE', bucket: 'temporary' }),
      undo: again,
      finding: 'minio: buckets',
      repair: /sluice setup/,
    },
    {
      name: 'no versioning',
      set: () =>
        examined.write(
          'processed',
          'versioning',
          '<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>',
        ),
      undo: again,
      finding: 'minio: versioning',
      repair: /sluice setup/,
    },
    {
      name: 'no lifecycle',
      set: () => examined.requester.read({ method: 'DELETE', bucket: 'temporary', query: { lifecycle: '' } }),
      undo: again,
      finding: 'minio: lifecycle',
      repair: /sluice setup/,
    },
    {
      name: 'no watermark',
      set: async () =>
        examined.requester.read({ method: 'DELETE', bucket: 'metadata', key: '~sluice/probe.json' }),
      undo: again,
      finding: 'minio: watermarks',
      repair: /sluice setup/,
    },
  ]
  it.each(traps)('$name', async ({ set, undo, finding, repair }) => {
    await set()
    try {
      const { of, findings } = await examined.examine({}, '--no-probe')
      expect(of('fail')).toContain(finding)
      const found = failureOf(findings, finding)
      expect(found?.repair?.join('\n')).toMatch(repair)
    } finally {
      await undo()
    }
  })
})
