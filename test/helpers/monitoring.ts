/** Prometheus, Alertmanager and the exporters beside a test's stack, with our configuration; only addresses and times differ. @module */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../../infra/local/settings/ports.ts'
import { createServer, type Server } from '../../infra/local/servers/server.ts'
import { metricsToken } from '../../runtime/setup/secrets/plan.ts'
import { installMonitoring } from './monitoring-programs.ts'
import type { TestStack } from './stack.ts'
import { unwatch, watch } from './watched.ts'

const INFRA = join(import.meta.dirname, '..', '..', 'infra')

export interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [number, string]
}

export interface Monitoring {
  readonly prometheusUrl: string
  readonly alertmanagerUrl: string
  /** The current value of an expression. */
  query(expr: string): Promise<readonly Sample[]>
  /** `path` of Prometheus's API: its `data`. */
  get<T>(path: string): Promise<T>
  stop(): Promise<void>
}

/** Stop it in `afterAll`, before the stack. */
export async function startMonitoring(stack: TestStack): Promise<Monitoring> {
  const programs = await installMonitoring()
  const dir = join(stack.dir, 'monitoring')
  await mkdir(dir, { recursive: true })
  const ports = {
    prometheus: await freePort(),
    alertmanager: await freePort(),
    redis: await freePort(),
    node: await freePort(),
  }
  const at = (port: number) => `127.0.0.1:${port}`
  const tokenPath = join(dir, 'minio-token')
  await writeFile(tokenPath, metricsToken(stack.credentials.root), { mode: 0o600 })

  const configured = await readFile(join(INFRA, 'prometheus', 'prometheus.yml'), 'utf8')
  const config = configured
    .replaceAll('localhost:9090', at(ports.prometheus))
    .replaceAll('redis-exporter:9121', at(ports.redis))
    // The runtime of a test has no receiver; its own target stands for it.
    .replaceAll('receiver:8082', new URL(stack.apiUrl).host)
    .replaceAll('alertmanager:9093', at(ports.alertmanager))
    .replaceAll('minio:9000', new URL(stack.minioEndpoint).host)
    .replaceAll('/run/secrets/minio_metrics_token', tokenPath)
    .replaceAll(
      /dns_sd_configs:\n +- names: \['([\w-]+)'\][^]*?(?=\n\n)/g,
      (_, name: string) =>
        `static_configs:\n      - targets: ['${name === 'runtime' ? new URL(stack.apiUrl).host : at(ports.node)}']`,
    )
    .replaceAll(/_interval: \d+s/g, '_interval: 1s')
    .replaceAll(/scrape_timeout: \d+s/g, 'scrape_timeout: 1s')
  await writeFile(join(dir, 'prometheus.yml'), config)
  const rules = await readFile(join(INFRA, 'prometheus', 'rules.yml'), 'utf8')
  // Minutes are seconds here; hours stay, so that alerts about hours are silent.
  const fast = rules.replaceAll(/for: (\d+)m/g, 'for: $1s').replaceAll('interval: 15s', 'interval: 1s')
  await writeFile(join(dir, 'rules.yml'), fast)

  const server = (
    name: string,
    command: string,
    args: readonly string[],
    healthUrl: string,
    env = {},
  ): Server =>
    createServer({
      name,
      command,
      args,
      env: { PATH: process.env['PATH'], ...env },
      cwd: dir,
      logPath: join(dir, `${name}.log`),
      isReady: async () => {
        const response = await fetch(healthUrl, { signal: AbortSignal.timeout(1_000) })
        await response.body?.cancel()
        return response.ok
      },
    })
  const servers = [
    server(
      'redis-exporter',
      programs['prometheus-redis-exporter'],
      [`--web.listen-address=${at(ports.redis)}`],
      `http://${at(ports.redis)}/health`,
      { REDIS_ADDR: stack.redisUrl, REDIS_EXPORTER_CHECK_SINGLE_KEYS: '{sluice}:in' },
    ),
    server(
      'node-exporter',
      programs['prometheus-node-exporter'],
      [`--web.listen-address=${at(ports.node)}`],
      `http://${at(ports.node)}/`,
    ),
    server(
      'alertmanager',
      programs['prometheus-alertmanager'],
      [
        `--config.file=${join(INFRA, 'alertmanager', 'alertmanager.yml')}`,
        `--storage.path=${join(dir, 'alertmanager')}`,
        `--web.listen-address=${at(ports.alertmanager)}`,
        '--cluster.listen-address=',
      ],
      `http://${at(ports.alertmanager)}/-/ready`,
    ),
    server(
      'prometheus',
      programs.prometheus,
      [
        `--config.file=${join(dir, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(dir, 'prometheus')}`,
        `--web.listen-address=${at(ports.prometheus)}`,
        '--enable-feature=exemplar-storage',
      ],
      `http://${at(ports.prometheus)}/-/ready`,
    ),
  ]
  async function stop() {
    unwatch(...servers)
    await Promise.all(servers.map((each) => each.stop()))
  }
  watch(...servers)
  try {
    for (const each of servers) await each.start()
  } catch (error) {
    await stop()
    throw error
  }
  const prometheusUrl = `http://${at(ports.prometheus)}`
  async function get<T>(path: string): Promise<T> {
    const response = await fetch(`${prometheusUrl}${path}`)
    const answer = (await response.json()) as { status: string; error?: string; data: T }
    if (answer.status !== 'success') throw new Error(`${path}: ${answer.error}`)
    return answer.data
  }
  return {
    prometheusUrl,
    alertmanagerUrl: `http://${at(ports.alertmanager)}`,
    get,
    query: async (expr) =>
      (
        await get<{ result: readonly Sample[] }>(
          `/api/v1/query?${new URLSearchParams({ query: expr }).toString()}`,
        )
      ).result,
    stop,
  }
}
