import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { derivedFiles, SECRETS } from '../../runtime/setup/secrets/plan.ts'
import { eventTargetEnv } from '../../runtime/setup/minio/event-targets.ts'
import { readConfig } from '../../runtime/settings/config.ts'
import { parseDurationMs } from '../../runtime/time.ts'
import { judge, pythonTool } from '../helpers/checkers.ts'
import { COMPOSE_FILE, judgeCompose, loadCompose, type ComposeProject } from '../helpers/compose.ts'

/** Missing ones are built or fetched first. */
const INSTALL_MS = 180_000

describe('docker-compose.yml', () => {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-compose-'))
  afterAll(() => rmSync(dir, { recursive: true, force: true }))
  let project: ComposeProject
  beforeAll(async () => {
    project = await loadCompose()
  }, INSTALL_MS)

  const services = () => Object.entries(project.services)
  /** A changed copy. */
  const changed = (from: string, to: string) => {
    const text = readFileSync(COMPOSE_FILE, 'utf8')
    expect(text).toContain(from)
    const path = join(dir, 'docker-compose.yml')
    writeFileSync(path, text.replace(from, to))
    return path
  }

  it(
    'is what the compose specification allows, which a misspelt word is not',
    async () => {
      const checker = await pythonTool('check-jsonschema')
      const check = (path: string) => judge(checker, ['--builtin-schema', 'vendor.compose-spec', path])
      expect(await check(COMPOSE_FILE)).toMatchObject({ isFine: true })
      const misspelt = await check(changed('mem_limit: 64m', 'memory_limit: 64m'))
      expect(misspelt).toMatchObject({ isFine: false, output: expect.stringContaining('memory_limit') })
    },
    INSTALL_MS,
  )

  it('names only existing networks, volumes, secrets and services', async () => {
    expect(await judgeCompose(COMPOSE_FILE)).toMatchObject({ isFine: true })
    for (const [from, to] of [
      ['networks: [data]', 'networks: [date]'],
      ['- redis:/data', '- radis:/data'],
      ['secrets: [redis-exporter.json]', 'secrets: [redis-exporters]'],
      ['      minio: { condition', '      minoi: { condition'],
    ] as const)
      expect({ to, ...(await judgeCompose(changed(from, to))) }).toMatchObject({ to, isFine: false })
  })

  it('publishes only the ports of the edge, and those for RTMP and SRT, by default only on this machine', async () => {
    const published = ({ services: all }: ComposeProject) =>
      Object.entries(all).flatMap(([name, { ports = [] }]) =>
        ports.map((port) => `${name} ${port.host_ip}:${port.published}`),
      )
    expect(published(project)).toEqual([
      'edge 127.0.0.1:80',
      'edge 127.0.0.1:443',
      'receiver 127.0.0.1:1935',
      'receiver 127.0.0.1:10081',
    ])
    const outside = await loadCompose({ SLUICE_BIND: '0.0.0.0', SLUICE_HTTPS_PORT: '8443' })
    expect(published(outside).filter((port) => port.startsWith('edge'))).toEqual([
      'edge 0.0.0.0:80',
      'edge 0.0.0.0:8443',
    ])
    // Services that link to the edge need its port.
    const addresses = (all: ComposeProject) =>
      JSON.stringify(all.services).match(/https:\/\/[\w.]*localhost[^"]*/g) ?? []
    expect(addresses(project).length).toBe(9)
    expect(addresses(outside)).toEqual(
      addresses(project).map((address) => address.replace('localhost', 'localhost:8443')),
    )
    expect(project.services['edge']?.environment?.['SLUICE_PORT_SUFFIX']).toBe('')
    expect(outside.services['edge']?.environment?.['SLUICE_PORT_SUFFIX']).toBe(':8443')
  })

  it('connects each service to the networks that it needs, two of which lead outside', () => {
    const inNetworks = Object.fromEntries(
      services().map(([name, { networks = {}, network_mode: mode }]) => [
        name,
        mode ??
          Object.keys(networks)
            .toSorted((a, b) => a.localeCompare(b))
            .join(' '),
      ]),
    )
    expect(inNetworks).toEqual({
      edge: 'app edge obs',
      runtime: 'app data obs',
      receiver: 'app cameras data',
      redis: 'data',
      minio: 'app data obs',
      setup: 'data',
      volumes: 'none',
      'redis-exporter': 'data obs',
      'node-exporter': 'obs',
      prometheus: 'app obs',
      alertmanager: 'edge obs',
      grafana: 'obs',
      'grafana-setup': 'obs',
      redisinsight: 'data obs',
    })
    const open = Object.entries(project.networks).filter(([, network]) => !network.internal)
    expect(open.map(([name]) => name).toSorted()).toEqual(['cameras', 'edge'])
  })

  it('tells the runtime where people reach its pages, and the store whose pages may upload to it', async () => {
    const { services } = await loadCompose({ SLUICE_DOMAIN: 'media.example.org', SLUICE_HTTPS_PORT: '8443' })
    expect(services['runtime']?.environment).toMatchObject({
      SLUICE_CONSOLE_URL: 'https://media.example.org:8443',
      SLUICE_GRAFANA_URL: '/grafana/',
      // The edge has an address of the stack's own networks.
      SLUICE_TRUSTED_PROXIES: 'private',
      MINIO_PUBLIC_ENDPOINT: 'https://s3.media.example.org:8443',
    })
    expect(services['minio']?.environment).toMatchObject({
      MINIO_API_CORS_ALLOW_ORIGIN: 'https://media.example.org:8443',
    })
  })

  it('gives no container more than it needs: no root, no capabilities, only volumes are writable', () => {
    for (const [name, service] of services())
      expect({ name, privileged: false, ...service }).toMatchObject({
        name,
        privileged: false,
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        user: { volumes: '0:0', 'node-exporter': '65534:65534' }[name] ?? '1000:1000',
      })
    const added = services().flatMap(([name, { cap_add: more = [] }]) => more.map((cap) => `${name} ${cap}`))
    expect(added).toEqual(['edge NET_BIND_SERVICE', 'volumes CHOWN'])
  })

  it('mounts folders of this machine read-only, and never the socket of the engine', () => {
    const binds = services().flatMap(([, { volumes = [] }]) => volumes.filter(({ type }) => type === 'bind'))
    expect(binds.length).toBeGreaterThan(4)
    expect(binds.filter((bind) => bind.read_only !== true)).toEqual([])
    expect(JSON.stringify(binds)).not.toContain('.sock')
    expect(binds.map(({ source = '' }) => source).filter((source) => !existsSync(source))).toEqual([])
  })

  it('limits memory, processors and processes of each service, and checks the health of each lasting one', () => {
    const unlimited = services().filter(
      ([, { mem_limit: memory = 0, cpus = 0, pids_limit: pids = 0 }]) =>
        !(Number(memory) && cpus && pids > 0),
    )
    expect(unlimited.map(([name]) => name)).toEqual([])
    const isAsked = ([name, { healthcheck, restart }]: (typeof asked)[number]) =>
      // The runtime's own is in its image. That of Redis Insight is not known.
      Boolean(healthcheck?.test) || restart === 'no' || name === 'runtime' || name === 'redisinsight'
    const asked = services()
    expect(asked.filter((entry) => !isAsked(entry)).map(([name]) => name)).toEqual([])
  })

  it('waits for healthy servers and for the end of preparations', () => {
    const conditions = services().flatMap(([, { depends_on: on = {} }]) =>
      Object.entries(on).map(([name, { condition }]) => ({ name, condition })),
    )
    expect(conditions.length).toBeGreaterThan(8)
    for (const { name, condition } of conditions)
      expect({ name, condition }).toEqual({
        name,
        condition:
          project.services[name]?.restart === 'no' ? 'service_completed_successfully' : 'service_healthy',
      })
  })

  it('names the registry and the version of every image', () => {
    const named = /^[\w.-]+\.\w+\/[\w./-]+:(?!latest)[\w.-]+(@sha256:[0-9a-f]{64})?$/
    const images = services().map(([, { image }]) => image)
    expect(images.filter((image) => !image.startsWith('localhost/') && !named.test(image))).toEqual([])
    expect(project.services['minio']?.image).toMatch(/^quay\.io\/minio\/minio:RELEASE\.[^@]+@sha256:/)
  })

  it('reads every secret from a file of `sluice secrets`, and gives it only to services that read it', () => {
    const made = [...SECRETS, ...derivedFiles('sluice').map(({ file }) => file)] as readonly string[]
    expect(Object.keys(project.secrets).filter((name) => !made.includes(name))).toEqual([])
    for (const [name, { file }] of Object.entries(project.secrets)) expect(basename(file)).toBe(name)
    const mounted = services().flatMap(([, { secrets = [] }]) => secrets)
    for (const { source, target } of mounted) expect(target).toBe(`/run/secrets/${source}`)
    expect(new Set(mounted.map(({ source }) => source))).toEqual(new Set(Object.keys(project.secrets)))
    // The root accounts, and users that are in no program's settings.
    const readers = (secret: string) =>
      services().flatMap(([name, { secrets = [] }]) =>
        secrets.some(({ source }) => source === secret) ? [name] : [],
      )
    expect(readers('minio-root')).toEqual(['setup'])
    expect(readers('minio.env')).toEqual(['minio'])
    // Whoever breaks out of a stream gets neither results nor other uploads.
    expect(readers('minio-runtime')).toEqual(['runtime', 'setup'])
    expect(readers('minio-uploader')).toEqual(['runtime', 'setup'])
    expect(readers('minio-streams')).toEqual(['receiver', 'setup'])
    expect(readers('redis-admin')).toEqual([])
  })

  it('has no secret in the environment, and mounts every file named there', () => {
    const settings = services().flatMap(([name, { environment = {}, secrets = [] }]) =>
      Object.entries(environment).map(([setting, value]) => ({
        what: `${name} ${setting}`,
        value,
        isMounted: secrets.some(({ target }) => target === value),
      })),
    )
    const secret = settings.filter(({ what }) =>
      /PASSWORD|SECRET|TOKEN|KEY_FILE|URL_FILE|ENV_FILE/.test(what),
    )
    expect(secret.length).toBeGreaterThan(10)
    expect(secret.filter(({ what, isMounted }) => !what.endsWith('_FILE') || !isMounted)).toEqual([])
    expect(settings.filter(({ value }) => /:\/\/[^/\s]*:[^/\s]*@/.test(value))).toEqual([])
    const commands = services().filter(([, { command }]) => /pass/i.test(JSON.stringify(command ?? [])))
    expect(commands).toEqual([])
  })

  it('configures the same two event targets of MinIO as the runtime, whatever the name', async () => {
    const named = await loadCompose({ SLUICE_NAME: 'films' })
    const env = named.services['minio']?.environment ?? {}
    const wanted = eventTargetEnv({
      redisAddress: 'redis:6379',
      redisUser: 'minio',
      name: 'films',
      queueDir: '/events',
      isStrict: false,
    })
    const targets = Object.entries(env).filter(([setting]) => setting.startsWith('MINIO_NOTIFY'))
    expect(Object.fromEntries(targets)).toEqual(wanted)
  })

  it('keeps the pieces of streams on a volume, and lets their receiver drain before it is killed', () => {
    const receiver = project.services['receiver'] as ComposeProject['services'][string] & {
      stop_grace_period: string
    }
    const { environment = {}, volumes = [] } = receiver
    const { config, issues } = readConfig({
      ...environment,
      // Its files are only in the container.
      ...Object.fromEntries(
        Object.keys(environment).flatMap((name) => (name.endsWith('_FILE') ? [[name, '']] : [])),
      ),
      MINIO_STREAMS_SECRET_KEY: 'a-secret',
      SLUICE_TOKEN_ADMIN: 'a-token-of-16-characters',
    })
    expect(issues).toEqual([])
    expect(config.roles).toEqual(['streams'])
    const spool = volumes.find(({ target }) => target === config.streams.spoolDir)
    expect(spool).toMatchObject({ type: 'volume', source: 'spool' })
    expect(parseDurationMs(receiver.stop_grace_period)).toBeGreaterThanOrEqual(config.drainMs + 20_000)
  })

  it('lets a replica of the runtime drain before it is killed', () => {
    const { environment, ...runtime } = project.services['runtime'] as ComposeProject['services'][string] & {
      stop_grace_period: string
    }
    expect(environment?.['SLUICE_DRAIN']).toBe('5m')
    expect(runtime.stop_grace_period).toBe('5m20s')
  })
})
