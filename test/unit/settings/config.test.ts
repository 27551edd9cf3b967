import { describe, expect, it } from 'vitest'
import { loadConfig, readConfig } from '../../../runtime/settings/config.ts'
import { ConfigError } from '../../../runtime/errors.ts'

describe('loadConfig', () => {
  it('has a default for everything except the accounts', () => {
    expect(loadConfig({})).toMatchObject({
      redisUrl: 'redis://127.0.0.1:6379',
      minioEndpoint: 'http://127.0.0.1:9000',
      runtimeCredentials: undefined,
      roles: ['api', 'intake', 'worker'],
      leaseMs: 30_000,
      isStrictEvents: false,
      streamsCredentials: undefined,
      streams: { port: 8082, rtmpPort: 1935, srt: [], pieceSeconds: 4, pullHosts: [], onFull: 'brake' },
    })
  })

  it('reads the given settings, in the units that people write', () => {
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

  it('reads the functions to make, and refuses rules that are not lists of names', () => {
    const config = loadConfig({ SLUICE_MAKE: 'hls, poster', SLUICE_MAKE_RULES: '{"videos/**":["hls"]}' })
    expect([config.make, config.makeRules]).toEqual([['hls', 'poster'], { 'videos/**': ['hls'] }])
    for (const rules of ['{', '[]', '{"a":"hls"}', '{"a":["Hls"]}', '{"a":[1]}', 'null'])
      expect(() => loadConfig({ SLUICE_MAKE_RULES: rules })).toThrow(
        /SLUICE_MAKE_RULES: write lists of functions by pattern as JSON, such as {"videos/,
      )
  })

  it('reads addresses of pages without the slash at their end', () => {
    const env = {
      SLUICE_BASE_PATH: '/sluice/',
      SLUICE_GRAFANA_URL: '/grafana/',
      SLUICE_CONSOLE_URL: 'https://h/s/',
    }
    expect(loadConfig(env)).toMatchObject({
      basePath: '/sluice',
      grafanaUrl: '/grafana',
      consoleUrl: 'https://h/s',
    })
    expect(loadConfig({ SLUICE_BASE_PATH: '/' }).basePath).toBe('')
    expect(loadConfig({ SLUICE_GRAFANA_URL: 'https://h/grafana' }).grafanaUrl).toBe('https://h/grafana')
  })

  it('treats an empty variable as absent', () => {
    expect(loadConfig({ REDIS_URL: '', SLUICE_API_PORT: '' }).apiPort).toBe(8080)
  })

  it('lists every invalid and unknown setting at once', () => {
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

  it.each([
    { name: 'MINIO_ENDPOINT', value: 'http://h:9000/minio', issue: /at the root of its host/ },
    { name: 'MINIO_ENDPOINT', value: 'http://user:a-password@h:9000', issue: /without path, user or query/ },
    { name: 'MINIO_ENDPOINT', value: 'http://h:0', issue: /a port from 1 to 65535/ },
    { name: 'REDIS_URL', value: 'redis://', issue: /must have a host/ },
    { name: 'REDIS_URL', value: 'redis://h/first', issue: /the number of a database/ },
    { name: 'SLUICE_API_HOST', value: '127.0.0.1:8080', issue: /not a host name or address/ },
    { name: 'SLUICE_BASE_PATH', value: 'sluice', issue: /write a path such as \/sluice/ },
    { name: 'SLUICE_BASE_PATH', value: '/a b', issue: /write a path/ },
    { name: 'SLUICE_BASE_PATH', value: '/a/../b', issue: /write a path/ },
    { name: 'SLUICE_BASE_PATH', value: '/v1/sluice', issue: /starts like a path of the API/ },
    { name: 'SLUICE_TRUSTED_PROXIES', value: 'edge', issue: /write loopback, private, none/ },
    { name: 'SLUICE_GRAFANA_URL', value: '//evil.example', issue: /starting with http:\/\/ or https:/ },
    { name: 'SLUICE_GRAFANA_URL', value: 'javascript:alert(1)', issue: /starting with http/ },
    { name: 'SLUICE_CONSOLE_URL', value: 'https://u:p@host/', issue: /without user or query/ },
    { name: 'SLUICE_ROLES', value: ',', issue: /"," contains no name/ },
    { name: 'SLUICE_STREAMS_HOST', value: '127.0.0.1:1', issue: /set the port with SLUICE_STREAMS_PORT/ },
    { name: 'SLUICE_STREAMS_SECONDS', value: '31', issue: /at most 30/ },
    { name: 'SLUICE_STREAMS_ON_FULL', value: 'wait', issue: /one of brake, drop-oldest/ },
    { name: 'SLUICE_STREAMS_SPOOL_LIMIT', value: '2MiB', issue: /at least 16 MiB/ },
    { name: 'SLUICE_STREAMS_STALL', value: '0s', issue: /at least 1s/ },
    { name: 'SLUICE_FUNCTIONS', value: ' , ', issue: /contains no name/ },
    { name: 'SLUICE_LEASE', value: '999ms', issue: /at least 1s/ },
    { name: 'SLUICE_DRAIN', value: '25h', issue: /at most 1d/ },
    { name: 'SLUICE_RETENTION', value: '59s', issue: /at least 1m/ },
    {
      name: 'SLUICE_OPTIONS',
      value: '{"chunk":4}',
      issue: /^SLUICE_OPTIONS: write options by function as JSON/,
    },
    {
      name: 'SLUICE_OPTIONS',
      value: 'seconds=4',
      issue: /^SLUICE_OPTIONS: write options by function as JSON/,
    },
  ])('refuses $name=$value', ({ name, value, issue }) => {
    const load = () => loadConfig({ [name]: value })
    expect(load).toThrow(issue)
    expect(load).toThrow(name)
    expect(load).not.toThrow(/a-password/)
  })

  it.each([
    { name: 'REDIS_URL', value: 'redis://:secret@h:6379/2' },
    { name: 'SLUICE_ROLES', value: 'streams' },
    { name: 'SLUICE_RTMP_PORT', value: '0' },
    { name: 'MINIO_ENDPOINT', value: 'https://[::1]:9000/' },
    { name: 'SLUICE_API_HOST', value: '::1' },
    { name: 'SLUICE_DRAIN', value: '0s' },
  ])('takes $name=$value', ({ name, value }) => {
    expect(() => loadConfig({ [name]: value })).not.toThrow()
  })
})

describe('the tokens of the HTTP interface', () => {
  const READER = 'a-token-of-the-reader'
  const ADMIN = 'a-token-of-the-admin'

  it('are one for each role', () => {
    const { tokens } = loadConfig({ SLUICE_TOKEN_READER: READER, SLUICE_TOKEN_ADMIN: ADMIN })
    expect(tokens).toEqual({ reader: READER, admin: ADMIN })
  })

  it.each(['too-short', 'with a space in its middle', 'ünïcödé-does-not-travel'])(
    'are refused without being shown: %s',
    (value) => {
      const { issues } = readConfig({ SLUICE_TOKEN_READER: value })
      expect(issues).toEqual([expect.stringMatching(/^SLUICE_TOKEN_READER: .*16 to 512/)])
      expect(issues.join()).not.toContain(value)
    },
  )

  it('are refused when two roles share one', () => {
    const { issues } = readConfig({ SLUICE_TOKEN_READER: READER, SLUICE_TOKEN_OPERATOR: READER })
    expect(issues).toEqual([expect.stringContaining('no two roles')])
    expect(issues.join()).not.toContain(READER)
  })

  it.each(['0.0.0.0', '::', '10.1.2.3', 'sluice.example.org', '127.example.org'])(
    'must be there when others reach the interface, at %s',
    (host) => {
      const { issues } = readConfig({ SLUICE_API_HOST: host })
      expect(issues).toEqual([expect.stringMatching(/^SLUICE_API_HOST: .* set SLUICE_TOKEN_ADMIN/)])
      expect(readConfig({ SLUICE_API_HOST: host, SLUICE_TOKEN_READER: READER }).issues).toEqual([])
    },
  )

  it.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1'])('are not required at %s', (host) => {
    expect(readConfig({ SLUICE_API_HOST: host }).issues).toEqual([])
  })
})

it('returns the valid settings although others are invalid, so that further problems can be found', () => {
  const { config, issues } = readConfig({ SLUICE_LEASE: 'soon', SLUICE_WORKERS: '3' })
  expect(config).toMatchObject({ leaseMs: 30_000, workers: 3 })
  expect(issues).toEqual([expect.stringContaining('SLUICE_LEASE: "soon"')])
})
