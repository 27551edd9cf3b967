/** `sluice doctor` on real servers: its findings, the checks it cannot make, and its probe upload. */
import { describe, expect, it } from 'vitest'
import { startTestMinio } from '../helpers/servers.ts'
import { failureOf, UPLOADER, useExamined } from './doctor-servers.ts'

const examined = useExamined()

it('finds no problem in a stack that is set up, except that the runtime is away', async () => {
  const { code, of } = await examined.examine({}, '--no-probe')
  expect(code).toBe(1)
  expect(of('fail')).toEqual(['runtime: API'])
  expect(of('skipped')).toEqual([])
})

describe('names what is wrong with the settings, with the line that repairs it:', () => {
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
    const { of, findings, text } = await examined.examine(env, '--no-probe')
    expect(of('fail')).toContain(finding)
    const found = failureOf(findings, finding)
    expect(found?.repair?.length).toBeGreaterThan(0)
    expect(text).not.toContain('a-password')
  })
})

it('reports as skipped what it may not check', async () => {
  const { of } = await examined.examine({ MINIO_ROOT_USER: '', MINIO_ROOT_PASSWORD: '' }, '--no-probe')
  expect(of('skipped')).toEqual([
    'minio: versioning and lifecycle',
    'notifications: rules',
    'targets: targets',
  ])
  expect(of('ok')).toContain('accounts: runtime account')
})

it('warns of an account that may do more than it needs', async () => {
  const { of } = await examined.examine(
    { MINIO_ACCESS_KEY: examined.minio.rootUser, MINIO_SECRET_KEY: examined.minio.rootPassword },
    '--no-probe',
  )
  expect(of('warn')).toContain('accounts: least privilege')
})

describe('the probe upload', () => {
  it('reaches Redis through both targets, reports that no intake took it, and leaves nothing in the bucket', async () => {
    const { findings } = await examined.examine()
    const found = findings.find(({ check }) => check === 'announcements')
    expect(found?.found).toMatch(/^[\d.]+m?s and [\d.]+m?s after the upload in Redis, but no intake/)
    const { text } = await examined.requester.read({
      method: 'GET',
      bucket: 'incoming',
      query: { versions: '' },
    })
    expect(text).not.toContain('sluice-doctor')
    await examined.client.del('{sluice}:in')
  })

  it('reports that MinIO does not announce uploads', async () => {
    await examined.bind()
    const { findings } = await examined.examine()
    await examined.setUp()
    expect(findings.find(({ check }) => check === 'announcements')).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('does not announce uploads'),
    })
  })
})

it('reads the settings of a MinIO that was started wrongly', async () => {
  const wrong = await startTestMinio({
    redisPort: examined.redis.port,
    env: {
      MINIO_NOTIFY_REDIS_ENABLE_FAST: 'off',
      MINIO_NOTIFY_REDIS_QUEUE_DIR_DURABLE: '',
      MINIO_NOTIFY_REDIS_KEY_DURABLE: 'elsewhere',
      MINIO_API_SYNC_EVENTS: 'on',
    },
  })
  try {
    const { findings } = await examined.examine(examined.envOf(wrong), '--no-probe')
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
