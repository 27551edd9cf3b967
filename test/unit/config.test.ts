import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../runtime/config.ts'
import { ConfigError } from '../../runtime/errors.ts'

describe('loadConfig', () => {
  it('has a default for everything but the accounts', () => {
    expect(loadConfig({})).toMatchObject({
      redisUrl: 'redis://127.0.0.1:6379',
      minioEndpoint: 'http://127.0.0.1:9000',
      runtimeCredentials: undefined,
      roles: ['api', 'intake', 'worker'],
      leaseMs: 30_000,
      isStrictEvents: false,
    })
  })

  it('reads what is given, in the units that people write', () => {
    const config = loadConfig({
      MINIO_ACCESS_KEY: 'runtime',
      MINIO_SECRET_KEY: 'secret-secret',
      SLUICE_ROLES: 'worker, intake',
      SLUICE_LEASE: '1.5s',
      SLUICE_OPTIONS: '{"chunk":{"seconds":4}}',
      SLUICE_STRICT_EVENTS: 'on',
    })
    expect(config).toMatchObject({
      runtimeCredentials: { accessKey: 'runtime', secretKey: 'secret-secret' },
      roles: ['worker', 'intake'],
      leaseMs: 1_500,
      functionOptions: { chunk: { seconds: 4 } },
      isStrictEvents: true,
    })
  })

  it('treats an empty variable as one that is not there', () => {
    expect(loadConfig({ REDIS_URL: '', SLUICE_API_PORT: '' }).apiPort).toBe(8080)
  })

  it('lists every wrong and unknown setting at once', () => {
    const env = {
      REDIS_URL: 'http://nowhere',
      SLUICE_API_PORT: '99999',
      SLUICE_LEASE: 'soon',
      SLUICE_ROLES: 'worker,boss',
      SLUICE_OPTIONS: '{',
      SLUICE_WORKER: '3',
      MINIO_ACCESS_KEY: 'alone',
    }
    let issues: readonly string[] = []
    try {
      loadConfig(env)
    } catch (error) {
      issues = (error as ConfigError).issues
    }
    expect(issues).toHaveLength(7)
    for (const name of Object.keys(env)) expect(issues.join('\n')).toContain(name)
  })

  it('prints no secret', () => {
    const load = () =>
      loadConfig({ MINIO_ACCESS_KEY: 'runtime', MINIO_SECRET_KEY: 'short', SLUICE_LEASE: 'x' })
    expect(load).toThrow(/MINIO_SECRET_KEY/)
    expect(load).not.toThrow(/short/)
  })
})
