import { describe, expect, it } from 'vitest'
import { loadLocalSettings, localDir, runtimeEnv } from '../../../../../infra/local/settings/settings.ts'
import { loadConfig, readConfig } from '../../../../../runtime/settings/config.ts'
import type { ConfigError } from '../../../../../runtime/errors.ts'

describe('the settings of the local stack', () => {
  it('are the well-known ports and no given servers', () => {
    expect(loadLocalSettings({})).toMatchObject({
      redisPort: 6379,
      minioPort: 9000,
      consolePort: 9001,
      redisUrl: undefined,
      minioEndpoint: undefined,
      config: { apiPort: 8080 },
    })
  })

  it('change each port and accept given servers', () => {
    const settings = loadLocalSettings({
      SLUICE_LOCAL_REDIS_PORT: '1',
      SLUICE_LOCAL_CONSOLE_PORT: '65535',
      SLUICE_API_PORT: '3',
      MINIO_ENDPOINT: 'http://minio.example:9000/',
    })
    expect(settings).toMatchObject({
      redisPort: 1,
      consolePort: 65_535,
      minioEndpoint: 'http://minio.example:9000',
      config: { apiPort: 3 },
    })
  })

  it('list all issues at once, including those of the runtime', () => {
    const env = {
      SLUICE_LOCAL_REDIS_PORT: '70000',
      SLUICE_LOCAL_TYPO: '1',
      SLUICE_TYPO: '1',
      REDIS_URL: 'localhost',
      SLUICE_API_PORT: '-1',
    }
    let issues: readonly string[] = []
    try {
      loadLocalSettings(env)
    } catch (error) {
      issues = (error as ConfigError).issues
    }
    expect(issues).toEqual([
      expect.stringContaining('SLUICE_LOCAL_REDIS_PORT: "70000" is not a port'),
      expect.stringContaining('SLUICE_LOCAL_TYPO: unknown setting'),
      expect.stringContaining('SLUICE_TYPO: unknown setting'),
      expect.stringContaining('REDIS_URL'),
      expect.stringContaining('SLUICE_API_PORT'),
    ])
  })

  it('are known to every command, which ignores them', () => {
    const env = { SLUICE_LOCAL_DIR: '/x', SLUICE_LOCAL_MINIO_PORT: '9' }
    expect(readConfig(env).issues).toEqual([])
    expect(readConfig({ SLUICE_LOCAL_PORT: '9' }).issues).toEqual([
      expect.stringMatching(/^SLUICE_LOCAL_PORT: unknown setting; .*SLUICE_LOCAL_DIR/),
    ])
  })

  it('keep the data in the project, or in SLUICE_LOCAL_DIR, relative to the project', () => {
    expect(localDir({}, '/project')).toBe('/project/.sluice')
    expect(localDir({ SLUICE_LOCAL_DIR: '/a b/c' }, '/project')).toBe('/a b/c')
    expect(localDir({ SLUICE_LOCAL_DIR: '../data' }, '/project')).toBe('/data')
  })

  it('refuse an API port that would not be known', () => {
    expect(() => loadLocalSettings({ SLUICE_API_PORT: '0' })).toThrow(/SLUICE_API_PORT: here it must be/)
  })
})

describe('the environment of the runtime', () => {
  const facts = {
    redisUrl: 'redis://127.0.0.1:1',
    minioEndpoint: 'http://127.0.0.1:2',
    apiPort: 3,
    credentials: { accessKey: 'runtime-1', secretKey: 'a-secret' },
    uploader: { accessKey: 'uploader-1', secretKey: 'one-more-secret' },
    scratchDir: '/x/scratch',
    localDir: '/x',
  }

  it('is accepted by the runtime', () => {
    const env = runtimeEnv({ PATH: '/bin', SLUICE_LOCAL_REDIS_PORT: '1', SLUICE_WORKERS: '2' }, facts)
    expect(env).toMatchObject({ PATH: '/bin', REDIS_URL: 'redis://127.0.0.1:1', SLUICE_WORKERS: '2' })
    expect(loadConfig(env)).toMatchObject({
      redisUrl: 'redis://127.0.0.1:1',
      minioEndpoint: 'http://127.0.0.1:2',
      apiPort: 3,
      runtimeCredentials: facts.credentials,
      scratchDir: '/x/scratch',
      localDir: '/x',
      workers: 2,
    })
  })

  it("contains the runtime's account and the uploader's, never root's", () => {
    const outer = {
      MINIO_ROOT_USER: 'root',
      MINIO_ROOT_PASSWORD: 'root-secret',
      MINIO_UPLOADER_ACCESS_KEY: 'up',
      MINIO_UPLOADER_SECRET_KEY: 'up-secret',
      npm_config_token: 'npm-secret',
    }
    expect(JSON.stringify(runtimeEnv(outer, facts))).not.toMatch(/root|up-secret|npm/)
    expect(loadConfig(runtimeEnv(outer, facts)).uploaderCredentials).toEqual(facts.uploader)
  })

  it('has the account, the ports and the spool of reception only when streams are received', () => {
    const outer = { MINIO_STREAMS_ACCESS_KEY: 'theirs', MINIO_STREAMS_SECRET_KEY: 'their-secret' }
    expect(JSON.stringify(runtimeEnv(outer, facts))).not.toMatch(/their|SPOOL|RTMP/)
    const credentials = { accessKey: 'streams-1', secretKey: 'another-secret' }
    const streams = { port: 4, rtmpPort: 5, credentials, spoolDir: '/x/spool' }
    expect(loadConfig(runtimeEnv(outer, { ...facts, streams }))).toMatchObject({
      streamsCredentials: credentials,
      streams: { port: 4, rtmpPort: 5, spoolDir: '/x/spool' },
    })
    const elsewhere = { SLUICE_STREAMS_SPOOL_DIR: '/disk' }
    expect(loadConfig(runtimeEnv(elsewhere, { ...facts, streams })).streams.spoolDir).toBe('/disk')
  })

  it('keeps a misspelt setting, so that the runtime reports it', () => {
    expect(runtimeEnv({ SLUICE_TYPO: '1' }, facts)['SLUICE_TYPO']).toBe('1')
  })
})
