/** What doctor makes of facts. Each trap is named, with the line that repairs it. */
import { describe, expect, it } from 'vitest'
import type { FunctionView } from '../../../../runtime/api/functions/model.ts'
import { judge } from '../../../../runtime/cli/doctor/machine.ts'
import type { Finding } from '../../../../runtime/cli/doctor/finding.ts'
import { judgeNode } from '../../../../runtime/cli/doctor/machine.ts'
import type { TargetFacts } from '../../../../runtime/setup/minio/event-targets.ts'
import { judgeRules } from '../../../../runtime/cli/doctor/notifications.ts'
import { judgeRedis, parseInfo } from '../../../../runtime/cli/doctor/redis.ts'
import { judgeFunction } from '../../../../runtime/cli/doctor/runtime.ts'
import { judgeTargets } from '../../../../runtime/cli/doctor/targets.ts'
import { mergeNotifications } from '../../../../runtime/setup/minio/notifications.ts'

/** The worst first; with its repair. */
function worst(findings: readonly Finding[]): Finding | undefined {
  return findings.find(({ status }) => status === 'fail') ?? findings.find(({ status }) => status === 'warn')
}

describe('redis', () => {
  const GOOD = {
    redis_version: '7.0.15',
    role: 'master',
    cluster_enabled: '0',
    loading: '0',
    aof_enabled: '1',
    aof_last_write_status: 'ok',
    rdb_last_bgsave_status: 'ok',
    maxmemory_policy: 'noeviction',
    used_memory: '1000',
    maxmemory: '1000000',
  }

  it('reports no problem with a good one', () => {
    const text = `# Server\r\n${Object.entries(GOOD)
      .map((pair) => pair.join(':'))
      .join('\r\n')}\r\n`
    expect(judgeRedis(parseInfo(text), 'host:1', 'cli').every(({ status }) => status === 'ok')).toBe(true)
  })

  it.each([
    { info: { redis_version: '6.2.1' }, check: 'server', status: 'fail', repair: 'redis-server' },
    { info: { role: 'slave' }, check: 'role', status: 'fail', repair: 'cli REPLICAOF NO ONE' },
    { info: { cluster_enabled: '1' }, check: 'role', status: 'fail', repair: 'REDIS_URL' },
    {
      info: { aof_enabled: '0' },
      check: 'append-only file',
      status: 'fail',
      repair: 'cli CONFIG SET appendonly yes',
    },
    { info: { aof_last_write_status: 'err' }, check: 'disk', status: 'fail', repair: 'cli BGREWRITEAOF' },
    { info: { rdb_last_bgsave_status: 'err' }, check: 'disk', status: 'fail', repair: 'cli BGSAVE' },
    { info: { loading: '1' }, check: 'disk', status: 'fail', repair: 'INFO' },
    {
      info: { maxmemory_policy: 'allkeys-lru' },
      check: 'eviction',
      status: 'fail',
      repair: 'cli CONFIG SET maxmemory-policy noeviction',
    },
    { info: { maxmemory: '0' }, check: 'memory', status: 'warn', repair: 'cli CONFIG SET maxmemory' },
    { info: { used_memory: '950000' }, check: 'memory', status: 'fail', repair: 'cli CONFIG SET maxmemory' },
  ])('$info', ({ info, check, status, repair }) => {
    const finding = worst(judgeRedis({ ...GOOD, ...info }, 'host:1', 'cli'))
    expect(finding).toMatchObject({ check, status })
    expect(finding?.repair?.join('\n')).toContain(repair)
  })
})

describe('notification rules', () => {
  const EMPTY = '<NotificationConfiguration></NotificationConfiguration>'
  const good = (isStrict = false) => mergeNotifications(EMPTY, { isStrict }) ?? ''

  it('reports no problem with ours, nor with rules of others beside them', () => {
    const other =
      '<QueueConfiguration><Queue>arn:minio:sqs::OTHER:webhook</Queue><Event>s3:ObjectCreated:*</Event></QueueConfiguration>'
    expect(judgeRules(good(), { isStrict: false })).toEqual([])
    expect(judgeRules(good().replace('</Not', `${other}</Not`), { isStrict: false })).toEqual([])
    expect(judgeRules(good(true), { isStrict: true })).toEqual([])
  })

  const filter =
    '<Filter><S3Key><FilterRule><Name>suffix</Name><Value>.mp4</Value></FilterRule></S3Key></Filter>'
  it.each([
    { name: 'no rules', xml: EMPTY, says: /no rule is bound to FAST.*late/ },
    { name: 'only the durable one', xml: good(true), says: /^no rule is bound to FAST/ },
    {
      name: 'ObjectCreated:*',
      xml: good().replace('s3:ObjectCreated:Put<', 's3:ObjectCreated:*<'),
      says: /FAST is bound to s3:ObjectCreated:\*.*tags/,
    },
    {
      name: 'an event that is missing',
      xml: good().replace('<Event>s3:ObjectCreated:Post</Event>', ''),
      says: /FAST is not bound to s3:ObjectCreated:Post/,
    },
    {
      name: 'an event too many',
      xml: good().replace('<Event>', '<Event>s3:ObjectCreated:PutTagging</Event><Event>'),
      says: /PutTagging, which is not an upload event/,
    },
    { name: 'a filter', xml: good().replace('</QueueC', `${filter}</QueueC`), says: /filter suffix "\.mp4"/ },
    { name: 'FAST with strict events', xml: good(), isStrict: true, says: /FAST is bound.*hung Redis/ },
  ])('$name', ({ xml, says, isStrict = false }) => {
    expect(judgeRules(xml, { isStrict })[0]).toMatch(says)
  })
})

describe('targets', () => {
  const wanted = { redisUrl: 'redis://:secret-word@cache:6379', name: 'sluice', isStrict: false }
  const FAST = { format: 'access', key: '{sluice}:in', address: 'cache:6379', queue_dir: '' }
  const DURABLE = { ...FAST, queue_dir: '/events', queue_limit: '200000' }
  const facts = (
    fast: object | undefined,
    durable: object | undefined,
    rest: Partial<TargetFacts> = {},
  ): TargetFacts => ({
    arns: [
      ...(fast ? ['arn:minio:sqs::FAST:redis'] : []),
      ...(durable ? ['arn:minio:sqs::DURABLE:redis'] : []),
    ],
    status: { FAST: 'online', DURABLE: 'online' },
    targets: [
      ...(fast ? [{ name: 'FAST', settings: { ...FAST, ...fast } }] : []),
      ...(durable ? [{ name: 'DURABLE', settings: { ...DURABLE, ...durable } }] : []),
    ],
    hasSyncEvents: false,
    ...rest,
  })

  it('reports no problem with ours', () => {
    expect(worst(judgeTargets(facts({}, {}), wanted))).toBeUndefined()
    const strict = { ...wanted, isStrict: true }
    expect(worst(judgeTargets(facts(undefined, {}, { hasSyncEvents: true }), strict))).toBeUndefined()
  })

  it.each([
    { name: 'no FAST', facts: facts(undefined, {}), repair: 'MINIO_NOTIFY_REDIS_ENABLE_FAST=on' },
    { name: 'no DURABLE', facts: facts({}, undefined), repair: 'MINIO_NOTIFY_REDIS_QUEUE_DIR_DURABLE=' },
    {
      name: 'another format',
      facts: facts({ format: 'namespace' }, {}),
      repair: 'MINIO_NOTIFY_REDIS_FORMAT_FAST=access',
    },
    {
      name: 'another key',
      facts: facts({}, { key: 'in' }),
      repair: 'MINIO_NOTIFY_REDIS_KEY_DURABLE={sluice}:in',
    },
    {
      name: 'FAST with a queue',
      facts: facts({ queue_dir: '/q' }, {}),
      repair: 'unset MINIO_NOTIFY_REDIS_QUEUE_DIR_FAST',
    },
    {
      name: 'DURABLE without one',
      facts: facts({}, { queue_dir: '' }),
      repair: 'MINIO_NOTIFY_REDIS_QUEUE_DIR_DURABLE=',
    },
    {
      name: 'a small queue',
      facts: facts({}, { queue_limit: '5' }),
      repair: 'MINIO_NOTIFY_REDIS_QUEUE_LIMIT_DURABLE=',
    },
    {
      name: 'offline',
      facts: facts({}, {}, { status: { FAST: 'offline', DURABLE: 'online' } }),
      repair: 'MINIO_NOTIFY_REDIS_ADDRESS_FAST=cache:6379',
    },
    {
      name: 'synchronous events',
      facts: facts({}, {}, { hasSyncEvents: true }),
      repair: 'MINIO_API_SYNC_EVENTS=off',
    },
  ])('$name', ({ facts, repair }) => {
    const finding = worst(judgeTargets(facts, wanted))
    expect(finding?.repair?.join('\n')).toContain(repair)
    expect(JSON.stringify(finding)).not.toContain('secret-word')
  })

  it('requires synchronous events with SLUICE_STRICT_EVENTS', () => {
    expect(worst(judgeTargets(facts(undefined, {}), { ...wanted, isStrict: true }))?.repair).toEqual([
      'MINIO_API_SYNC_EVENTS=on',
    ])
  })
})

it.each([
  { aheadMs: 2_000, status: 'ok' },
  { aheadMs: -60_000, status: 'warn' },
  { aheadMs: 16 * 60_000, status: 'fail' },
])('a clock $aheadMs ms ahead is $status', ({ aheadMs, status }) => {
  expect(judge('MinIO', aheadMs).status).toBe(status)
})

it.each([
  { version: '20.19.0', status: 'ok' },
  { version: '24.1.0', status: 'ok' },
  { version: '20.18.3', status: 'fail' },
  { version: '18.20.0', status: 'fail' },
])('Node $version is $status', ({ version, status }) => {
  expect(judgeNode(version).status).toBe(status)
})

describe('a function', () => {
  const view = {
    name: 'cut',
    workers: 1,
    isPaused: false,
    watermark: '2026-11-23T10:00:00.000Z',
    queue: { waiting: 0, backfill: 0, running: 0, open: 0, dead: 0 },
  } as FunctionView
  it.each([
    { name: 'that works', rest: {}, status: 'ok', repair: undefined },
    {
      name: 'without workers',
      rest: { workers: 0 },
      status: 'fail',
      repair: 'sluice worker --functions cut',
    },
    { name: 'never set up', rest: { watermark: null }, status: 'fail', repair: 'sluice setup' },
    { name: 'paused', rest: { isPaused: true }, status: 'warn', repair: 'sluice resume cut' },
    {
      name: 'with dead letters',
      rest: { queue: { ...view.queue, dead: 2 } },
      status: 'warn',
      repair: 'sluice runs --status dead --function cut',
    },
  ])('$name', ({ rest, status, repair }) => {
    const finding = judgeFunction({ ...view, ...rest }, 'sluice')
    expect({ status: finding.status, repair: finding.repair?.[0] }).toEqual({ status, repair })
  })
})
