/** `sluice doctor` on real servers: each trap is set on purpose, and it must name it with the line that repairs it. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { functions } from '../../functions/index.ts'
import type { Finding } from '../../runtime/cli/doctor/finding.ts'
import { DURABLE_ARN, FAST_ARN } from '../../runtime/storage/provision/event-targets.ts'
import { provision } from '../../runtime/storage/provision/provision.ts'
import { createRequester, type Requester } from '../../runtime/storage/request.ts'
import { startTestMinio, startTestRedis, type TestMinio, type TestRedis } from '../helpers/servers.ts'
import { sluice } from '../unit/cli/fake-api.ts'

type Reported = Finding & { readonly group: string }

let redis: TestRedis
let minio: TestMinio
let client: Redis
let requester: Requester
let env: Record<string, string>
const RUNTIME = { accessKey: 'doctor-runtime', secretKey: 'runtime-secret' }
const UPLOADER = { accessKey: 'doctor-uploader', secretKey: 'uploader-secret' }

beforeAll(async () => {
  redis = await startTestRedis()
  minio = await startTestMinio({ redisPort: redis.port })
  client = new Redis(redis.url)
  requester = requesterOf(minio)
  env = envOf(minio)
  await setUp(minio)
})
afterAll(async () => {
  client.disconnect()
  requester.close()
  await minio.stop()
  await redis.stop()
})

function rootOf(server: TestMinio) {
  return { accessKey: server.rootUser, secretKey: server.rootPassword }
}

function requesterOf(server: TestMinio): Requester {
  return createRequester({ endpoint: server.endpoint, region: 'us-east-1', credentials: rootOf(server) })
}

function envOf(server: TestMinio): Record<string, string> {
  return {
    PATH: `${join(server.mcPath, '..')}:${process.env['PATH']}`,
    REDIS_URL: redis.url,
    MINIO_ENDPOINT: server.endpoint,
    MINIO_ROOT_USER: server.rootUser,
    MINIO_ROOT_PASSWORD: server.rootPassword,
    MINIO_ACCESS_KEY: RUNTIME.accessKey,
    MINIO_SECRET_KEY: RUNTIME.secretKey,
    MINIO_UPLOADER_ACCESS_KEY: UPLOADER.accessKey,
    MINIO_UPLOADER_SECRET_KEY: UPLOADER.secretKey,
    SLUICE_SCRATCH_DIR: join(server.dir, 'scratch'),
    // Nobody is there.
    SLUICE_API_URL: 'http://127.0.0.1:2',
  }
}

function setUp(server: TestMinio) {
  return provision({
    endpoint: server.endpoint,
    region: 'us-east-1',
    rootCredentials: rootOf(server),
    functions,
    name: 'sluice',
    redisUrl: redis.url,
    isStrictEvents: false,
    users: { mcPath: server.mcPath, runtime: RUNTIME, uploader: UPLOADER },
  })
}

async function examine(changed: Record<string, string> = {}, ...words: string[]) {
  const { code, out } = await sluice(['doctor', '--json', ...words], { env: { ...env, ...changed } })
  const { findings } = JSON.parse(out) as { findings: readonly Reported[] }
  const of = (status: Finding['status']) =>
    findings.filter((finding) => finding.status === status).map(({ group, check }) => `${group}: ${check}`)
  return { code, findings, of, text: out }
}

async function write(bucket: string, query: string, xml: string) {
  const body = { bytes: Buffer.from(xml) }
  const headers = { 'content-md5': createHash('md5').update(body.bytes).digest('base64') }
  await requester.read({ method: 'PUT', bucket, query: { [query]: '' }, body, headers })
}

const bind = (...rules: readonly string[]) =>
  write(
    'incoming',
    'notification',
    `<NotificationConfiguration>${rules.join('')}</NotificationConfiguration>`,
  )
const rule = (arn: string, event: string, more = '') =>
  `<QueueConfiguration><Queue>${arn}</Queue><Event>${event}</Event>${more}</QueueConfiguration>`
const SUFFIX =
  '<Filter><S3Key><FilterRule><Name>suffix</Name><Value>.mp4</Value></FilterRule></S3Key></Filter>'

it('finds a stack that is set up sound, but for the runtime that is away', async () => {
  const { code, of } = await examine({}, '--no-canary')
  expect(code).toBe(1)
  expect(of('fail')).toEqual(['runtime: API'])
  expect(of('skipped')).toEqual([])
})

describe('names what is wrong, with the line that repairs it:', () => {
  interface Trap {
    readonly name: string
    readonly set: () => Promise<unknown>
    readonly undo: () => Promise<unknown>
    readonly finding: string
    readonly repair: RegExp
  }
  const again = () => setUp(minio)
  const traps: readonly Trap[] = [
    {
      name: 'no append-only file',
      set: () => client.config('SET', 'appendonly', 'no'),
      undo: () => client.config('SET', 'appendonly', 'yes'),
      finding: 'redis: append-only file',
      repair: /CONFIG SET appendonly yes/,
    },
    {
      name: 'eviction',
      set: () => client.config('SET', 'maxmemory-policy', 'allkeys-lru'),
      undo: () => client.config('SET', 'maxmemory-policy', 'noeviction'),
      finding: 'redis: eviction',
      repair: /CONFIG SET maxmemory-policy noeviction/,
    },
    {
      name: 'an inbox of another type',
      set: () => client.set('{sluice}:in', 'text'),
      undo: () => client.del('{sluice}:in'),
      finding: 'redis: inbox',
      repair: /RENAME '\{sluice\}:in'/,
    },
    {
      name: 'a stream of another type',
      set: () => client.set('{sluice}:q:chunk', 'text'),
      undo: () => client.del('{sluice}:q:chunk'),
      finding: 'redis: streams',
      repair: /RENAME '\{sluice\}:q:chunk'/,
    },
    {
      name: 'notifications that nobody takes',
      set: () => client.rpush('{sluice}:in', '[]'),
      undo: () => client.del('{sluice}:in'),
      finding: 'runtime: intake',
      repair: /sluice start/,
    },
    {
      name: 'a rule that is missing',
      set: () => bind(rule(DURABLE_ARN, 's3:ObjectCreated:Put')),
      undo: again,
      finding: 'notifications: rules of incoming',
      repair: /sluice setup/,
    },
    {
      name: 'a rule for ObjectCreated:*',
      set: () => bind(rule(FAST_ARN, 's3:ObjectCreated:*'), rule(DURABLE_ARN, 's3:ObjectCreated:*')),
      undo: again,
      finding: 'notifications: rules of incoming',
      repair: /sluice setup/,
    },
    {
      name: 'a filter in a rule',
      set: () => bind(rule(FAST_ARN, 's3:ObjectCreated:Put', SUFFIX)),
      undo: again,
      finding: 'notifications: rules of incoming',
      repair: /sluice setup/,
    },
    {
      name: 'a bucket that is missing',
      set: () => requester.read({ method: 'DELETE', bucket: 'temporary' }),
      undo: again,
      finding: 'minio: buckets',
      repair: /sluice setup/,
    },
    {
      name: 'no versioning',
      set: () =>
        write(
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
      set: () => requester.read({ method: 'DELETE', bucket: 'temporary', query: { lifecycle: '' } }),
      undo: again,
      finding: 'minio: lifecycle',
      repair: /sluice setup/,
    },
    {
      name: 'no watermark',
      set: async () => requester.read({ method: 'DELETE', bucket: 'metadata', key: '~sluice/probe.json' }),
      undo: again,
      finding: 'minio: watermarks',
      repair: /sluice setup/,
    },
  ]
  it.each(traps)('$name', async ({ set, undo, finding, repair }) => {
    await set()
    try {
      const { of, findings } = await examine({}, '--no-canary')
      expect(of('fail')).toContain(finding)
      const found = findings.find(
        ({ group, check, status }) => status === 'fail' && `${group}: ${check}` === finding,
      )
      expect(found?.repair?.join('\n')).toMatch(repair)
    } finally {
      await undo()
    }
  })

  it.each([
    {
      name: 'a Redis that is away',
      env: { REDIS_URL: 'redis://:a-password@127.0.0.1:2' },
      finding: 'redis: server',
    },
    { name: 'a MinIO that is away', env: { MINIO_ENDPOINT: 'http://127.0.0.1:2' }, finding: 'minio: server' },
    { name: 'a wrong root', env: { MINIO_ROOT_PASSWORD: 'a-password' }, finding: 'minio: root account' },
    { name: 'an unknown runtime', env: { MINIO_ACCESS_KEY: 'nobody' }, finding: 'accounts: runtime account' },
    { name: 'a wrong secret', env: { MINIO_SECRET_KEY: 'a-password' }, finding: 'accounts: runtime account' },
    {
      name: 'an account with too few rights',
      env: { MINIO_ACCESS_KEY: UPLOADER.accessKey, MINIO_SECRET_KEY: UPLOADER.secretKey },
      finding: 'accounts: runtime account',
    },
    { name: 'a misspelt setting', env: { SLUICE_WORKER: '3' }, finding: 'settings: environment' },
    { name: 'a wrong setting', env: { SLUICE_LEASE: 'soon' }, finding: 'settings: environment' },
    {
      name: 'no list of functions',
      env: { SLUICE_FUNCTIONS_FILE: '/nowhere.ts' },
      finding: 'settings: functions',
    },
    {
      name: 'a scratch folder that cannot be',
      env: { SLUICE_SCRATCH_DIR: '/dev/null/x' },
      finding: 'machine: scratch',
    },
  ])('$name', async ({ env, finding }) => {
    const { of, findings, text } = await examine(env, '--no-canary')
    expect(of('fail')).toContain(finding)
    const found = findings.find(
      ({ group, check, status }) => status === 'fail' && `${group}: ${check}` === finding,
    )
    expect(found?.repair?.length).toBeGreaterThan(0)
    expect(text).not.toContain('a-password')
  })
})

it('says of what it may not look at that it was not looked at', async () => {
  const { of } = await examine({ MINIO_ROOT_USER: '', MINIO_ROOT_PASSWORD: '' }, '--no-canary')
  expect(of('skipped')).toEqual([
    'minio: versioning and lifecycle',
    'notifications: rules',
    'targets: targets',
  ])
  expect(of('ok')).toContain('accounts: runtime account')
})

it('warns of an account that may do more than it needs', async () => {
  const { of } = await examine(
    { MINIO_ACCESS_KEY: minio.rootUser, MINIO_SECRET_KEY: minio.rootPassword },
    '--no-canary',
  )
  expect(of('warn')).toContain('accounts: least privilege')
})

describe('the canary', () => {
  it('shows by both ways that it reached Redis and that no intake took it, and leaves nothing in the bucket', async () => {
    const { findings } = await examine()
    const found = findings.find(({ check }) => check === 'announcements')
    expect(found?.found).toMatch(/^[\d.]+m?s and [\d.]+m?s after the upload in Redis, where no intake/)
    const { text } = await requester.read({ method: 'GET', bucket: 'incoming', query: { versions: '' } })
    expect(text).not.toContain('sluice-doctor')
    await client.del('{sluice}:in')
  })

  it('says that MinIO tells Redis nothing', async () => {
    await bind()
    const { findings } = await examine()
    await setUp(minio)
    expect(findings.find(({ check }) => check === 'announcements')).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('nothing of uploads'),
    })
  })
})

it('reads the settings of a MinIO that was started wrongly', async () => {
  const wrong = await startTestMinio({
    redisPort: redis.port,
    env: {
      MINIO_NOTIFY_REDIS_ENABLE_FAST: 'off',
      MINIO_NOTIFY_REDIS_QUEUE_DIR_DURABLE: '',
      MINIO_NOTIFY_REDIS_KEY_DURABLE: 'elsewhere',
      MINIO_API_SYNC_EVENTS: 'on',
    },
  })
  try {
    const { findings } = await examine(envOf(wrong), '--no-canary')
    const repairs = findings.filter(({ group }) => group === 'targets').flatMap(({ repair = [] }) => repair)
    expect(repairs).toEqual(
      expect.arrayContaining([
        'MINIO_NOTIFY_REDIS_ENABLE_FAST=on',
        'MINIO_NOTIFY_REDIS_KEY_DURABLE={sluice}:in',
        expect.stringMatching(/^MINIO_NOTIFY_REDIS_QUEUE_DIR_DURABLE=</),
        'MINIO_API_SYNC_EVENTS=off',
      ]),
    )
  } finally {
    await wrong.stop()
  }
})
