/** An operator looks at dashboards and is called by alerts: real Prometheus, Alertmanager and exporters, with our own configuration. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clipFolder, makeClip } from '../helpers/clips.ts'
import { startMonitoring, type Monitoring } from '../helpers/monitoring.ts'
import { namesIn, panelsOf, readDashboards } from '../helpers/panels.ts'
import { readRules } from '../helpers/prometheus-rules.ts'
import { createRuns, type Runs } from '../helpers/runs.ts'
import { startTestStack, type TestStack } from '../helpers/stack.ts'
import { waitFor } from '../helpers/wait.ts'

let stack: TestStack
let monitoring: Monitoring
let runs: Runs

beforeAll(async () => {
  stack = await startTestStack({
    env: { SLUICE_LEASE: '3s' },
    // As in the compose file: with its token only.
    minioEnv: { MINIO_PROMETHEUS_AUTH_TYPE: 'jwt' },
  })
  runs = createRuns(stack)
  monitoring = await startMonitoring(stack)
  // Seen before anything happens, so that what grows is seen to grow.
  await waitFor(async () => (await monitoring.query('sluice_function_info')).length > 0, {
    timeoutMs: 30_000,
    what: 'the first look at the runtime',
  })
  const folder = await clipFolder()
  const clip = await makeClip(folder, 'faststart.mp4')
  const text = join(folder, 'notes.txt')
  await writeFile(text, 'no film at all')
  for (const name of ['a.mp4', 'b.mp4']) await stack.mc.run('cp', clip, `sluice/incoming/${name}`)
  await stack.mc.run('cp', '--attr', 'mode=exact', clip, 'sluice/incoming/exact.mp4')
  await stack.mc.run('cp', text, 'sluice/incoming/broken.mp4')
  for (const key of ['a.mp4', 'b.mp4', 'exact.mp4']) await runs.reached(key, 'succeeded', 60_000)
  await runs.reached('broken.mp4', 'dead', 60_000)
}, 400_000)
afterAll(async () => {
  runs.close()
  await monitoring.stop()
  await stack.stop()
})

/** As Grafana fills them in; everything happened within these minutes. */
function filled(expr: string): string {
  return expr
    .replaceAll('$__rate_interval', '5m')
    .replaceAll('$__range', '5m')
    .replaceAll('="$function"', '="chunk"')
    .replaceAll('$function', '.*')
}

async function hasNumber(expr: string): Promise<boolean> {
  return (await monitoring.query(expr)).some(({ value }) => Number.isFinite(Number(value[1])))
}

/** MinIO's scanner counts buckets some minutes after the start, and nothing can make it hurry. */
// Without a stream no piece has a lag.
const MAY_BE_EMPTY = ['Bytes in buckets', 'Lag of pieces']

const queries = readDashboards().flatMap((dashboard) =>
  panelsOf(dashboard).flatMap(({ title, targets }) =>
    targets.map(({ expr, refId }) => ({ where: `${dashboard.title}: ${title} (${refId})`, title, expr })),
  ),
)

describe('after uploads', () => {
  it('reaches every target', async () => {
    const jobs = [
      'alertmanager',
      'minio',
      'minio-buckets',
      'node',
      'prometheus',
      'receiver',
      'redis',
      'runtime',
    ]
    const up = await waitFor(
      async () => {
        const found = (await monitoring.query('up == 1')).map(({ metric }) => metric['job'] ?? '').toSorted()
        return found.length === jobs.length && found
      },
      { timeoutMs: 30_000, what: `metrics of ${jobs.join(', ')}` },
    )
    expect(up).toEqual(jobs)
  })

  it('has a number for every panel and every recording', async () => {
    const rules = readRules().filter(({ kind }) => kind === 'record')
    const all = [
      ...queries.filter(({ title }) => !MAY_BE_EMPTY.includes(title)),
      ...rules.map(({ name }) => ({ where: name, expr: name })),
    ]
    let empty: string[] = []
    await waitFor(
      async () => {
        const asked = await Promise.all(
          all.map(async ({ where, expr }) => ((await hasNumber(filled(expr))) ? undefined : where)),
        )
        empty = asked.filter((each) => each !== undefined)
        return empty.length === 0
      },
      { timeoutMs: 60_000, intervalMs: 2_000, what: 'every panel and recording to have a number' },
    ).catch(() => undefined)
    expect(empty).toEqual([])
  })

  it.each(queries.filter(({ title }) => MAY_BE_EMPTY.includes(title)))(
    'understands what $where asks, also while it is empty',
    async ({ expr }) => {
      expect(await monitoring.query(filled(expr))).toBeInstanceOf(Array)
    },
  )

  it('knows every name that alerts ask for, and evaluates all rules without a failure', async () => {
    const known = new Set(await monitoring.get<string[]>('/api/v1/label/__name__/values'))
    const names = [...new Set(readRules().flatMap(({ expr }) => namesIn(expr)))]
    expect(names.filter((name) => !known.has(name))).toEqual([])
    const { groups } = await monitoring.get<{ groups: { rules: { health: string; name: string }[] }[] }>(
      '/api/v1/rules',
    )
    const sick = groups.flatMap(({ rules }) => rules).filter(({ health }) => health !== 'ok')
    expect(sick).toEqual([])
  })

  it('times the delivery of each new run once, by the copy that came first', async () => {
    const [difference] = await monitoring.query(
      'sum(sluice_event_delivery_delay_seconds_count) - sum(sluice_admissions_total{outcome="new"})',
    )
    expect(difference?.value[1]).toBe('0')
    const [copies] = await monitoring.query('sum(sluice_admissions_total{outcome="copy"})')
    expect(Number(copies?.value[1])).toBeGreaterThan(0)
  })

  it('leads from a latency to its run', async () => {
    const params = new URLSearchParams({
      query: 'sluice_function_duration_seconds_bucket',
      start: String(Date.now() / 1_000 - 600),
      end: String(Date.now() / 1_000),
    })
    const found = await waitFor(
      async () => {
        const series = await monitoring.get<{ exemplars: { labels: Record<string, string> }[] }[]>(
          `/api/v1/query_exemplars?${params.toString()}`,
        )
        const ids = series.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels['run']))
        return ids.length > 0 && ids
      },
      { timeoutMs: 20_000, what: 'exemplars' },
    )
    const response = await fetch(`${stack.apiUrl}/v1/runs/${found[0]}`)
    expect(await response.json()).toMatchObject({ id: found[0] })
  })
})

interface Alert {
  readonly labels: Readonly<Record<string, string>>
}

/** What Alertmanager has, which is what a person would be told. */
function told(name: string, labels: Readonly<Record<string, string>> = {}): Promise<boolean> {
  return waitFor(
    async () => {
      const alerts = (await (await fetch(`${monitoring.alertmanagerUrl}/api/v2/alerts`)).json()) as Alert[]
      return alerts.some(
        (alert) =>
          alert.labels['alertname'] === name &&
          Object.entries(labels).every(([key, value]) => alert.labels[key] === value),
      )
    },
    { timeoutMs: 60_000, intervalMs: 250, what: `Alertmanager to have ${name}` },
  )
}

async function firing(): Promise<string[]> {
  return (await monitoring.query('ALERTS{alertstate="firing"}')).map(
    ({ metric }) => metric['alertname'] ?? '',
  )
}

describe('alerts', () => {
  it('tell of the file that was given up, and of nothing else that is wrong', async () => {
    expect(await told('DeadLettersAppeared', { function: 'chunk', reason: 'permanent' })).toBe(true)
    expect(await told('Watchdog')).toBe(true)
    // Of the machine, not of the stack: it may be busy, and this stack had few attempts.
    const others = ['DeadLettersAppeared', 'Watchdog', 'EventLoopLagHigh', 'HostDiskLow', 'HostMemoryLow']
    const budget = /^FunctionErrorBudget/
    expect((await firing()).filter((name) => !others.includes(name) && !budget.test(name))).toEqual([])
  })

  it('tell of a Redis that was killed, and that it is back', async () => {
    stack.redis.kill('SIGKILL')
    expect(await told('RedisDown')).toBe(true)
    expect(await told('RuntimeWithoutRedis')).toBe(true)
    await stack.redis.start()
    await waitFor(async () => !(await firing()).includes('RedisDown'), {
      timeoutMs: 60_000,
      what: 'RedisDown to end',
    })
  })

  it('tell of a MinIO that was killed', async () => {
    stack.minio.kill('SIGKILL')
    expect(await told('MinioDown')).toBe(true)
    expect(await told('TargetDown', { job: 'minio' })).toBe(true)
    await stack.minio.start()
    await waitFor(async () => !(await firing()).includes('MinioDown'), {
      timeoutMs: 60_000,
      what: 'MinioDown to end',
    })
  })

  it('tell of a runtime that is gone', async () => {
    stack.runtime.kill('SIGKILL')
    expect(await told('RuntimeDown')).toBe(true)
  })
})
