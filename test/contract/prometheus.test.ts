/** Tests the rules of Prometheus with promtool: each alert fires when it should and only then, and its tests would notice a change. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installMonitoring, type MonitoringPrograms } from '../helpers/monitoring-programs.ts'
import { minutesOf, mutantsOf, readRules, RULES_PATH, type Rule } from '../helpers/prometheus-rules.ts'
import { isThorough } from '../helpers/thorough.ts'
import type { Series } from './alert-case.ts'
import { ALERT_CASES, FIRES_AS_WELL, FIRES_WITHOUT_SERIES } from './prometheus-cases.ts'

const run = promisify(execFile)
const ROOT = join(import.meta.dirname, '..', '..')
const rules = readRules()
const alerts = rules.filter(({ kind }) => kind === 'alert')
const records = rules.filter(({ kind }) => kind === 'record')

let programs: MonitoringPrograms
let dir: string
beforeAll(async () => {
  programs = await installMonitoring()
  dir = await mkdtemp(join(tmpdir(), 'sluice-rules-'))
}, 300_000)
afterAll(() => rm(dir, { recursive: true }))

/** The format of promtool's unit tests; it reads JSON, which is also YAML. */
function testsOf(rule: Rule): unknown[] {
  const {
    fires,
    sinceMinutes = 0,
    labels = {},
    silent,
    silentAtEnd = [],
  } = ALERT_CASES[rule.name] ?? { fires: {}, silent: [] }
  const waitMinutes = minutesOf(rule.for)
  const expected = (more: Readonly<Record<string, string>>) => [
    { exp_labels: { severity: rule.severity, ...more } },
  ]
  const group = (
    series: Series,
    checks: readonly (readonly [at: number, labels?: Readonly<Record<string, string>>])[],
  ) => ({
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: checks.map(([at, more]) => ({
      eval_time: `${at}m`,
      alertname: rule.name,
      exp_alerts: more ? expected(more) : [],
    })),
  })
  const end = sinceMinutes + waitMinutes
  const without = FIRES_WITHOUT_SERIES[rule.name]
  const asWell = FIRES_AS_WELL[rule.name]
  return [
    group(fires, [...(waitMinutes > 0 ? [[end - 1] as const] : []), [end + 1, labels]]),
    ...silentAtEnd.map((series) => group(series, [[silentMinutes(series).at(-1) ?? 0]])),
    ...silent.map((series) =>
      group(
        series,
        silentMinutes(series).map((at) => [at] as const),
      ),
    ),
    ...(without ? [group({ unrelated: '1x60' }, [[waitMinutes + 1, without]])] : []),
    ...(asWell ? [group(asWell.series, [[asWell.sinceMinutes + waitMinutes + 1, {}]])] : []),
  ]
}

/** Some minutes, up to the last one of the series. */
function silentMinutes(series: Series): number[] {
  const last = Math.min(...Object.values(series).map(lengthOf)) - 1
  return [0.25, 0.5, 0.75, 1].map((part) => Math.floor(part * last))
}

function lengthOf(values: string): number {
  return values.split(' ').reduce((sum, each) => sum + Number(each.split('x')[1] ?? 0) + 1, 0)
}

/** Recordings and only this alert: evaluating all alerts in each of hundreds of runs would take minutes. */
async function judge(rule: Rule, { expr, for: wait }: Pick<Rule, 'expr' | 'for'>): Promise<string> {
  const name = `${rule.name}-${Math.random()}`
  const rulesPath = join(dir, `${name}.rules.yml`)
  const alert = { alert: rule.name, expr, for: wait, labels: { severity: rule.severity } }
  const used = records.filter((record) => expr.includes(record.name))
  const groups = [
    { name: 'records', rules: used.map((record) => ({ record: record.name, expr: record.expr })) },
    { name: 'alert', rules: [alert] },
  ]
  await writeFile(rulesPath, JSON.stringify({ groups }))
  const testPath = join(dir, `${name}.test.yml`)
  await writeFile(
    testPath,
    JSON.stringify({ rule_files: [rulesPath], evaluation_interval: '1m', tests: testsOf(rule) }),
  )
  return run(programs.promtool, ['test', 'rules', testPath]).then(
    () => '',
    (error: Error & { stdout: string; stderr: string }) => `${error.stdout}${error.stderr}`,
  )
}

it('is accepted by promtool and amtool', async () => {
  const config = join(ROOT, 'infra', 'prometheus', 'prometheus.yml')
  await run(programs.promtool, ['check', 'config', '--syntax-only', config])
  const checked = await run(programs.promtool, ['check', 'rules', RULES_PATH])
  expect(checked.stdout).toContain(`${rules.length} rules found`)
  await run(programs.amtool, ['check-config', join(ROOT, 'infra', 'alertmanager', 'alertmanager.yml')])
})

it('has exactly one case for every alert', () => {
  expect(Object.keys(ALERT_CASES).toSorted()).toEqual(alerts.map(({ name }) => name).toSorted())
})

it.each(alerts)('$name has a summary, a description and an existing runbook', async (rule) => {
  expect(rule.annotations['summary']?.length).toBeGreaterThan(10)
  expect(rule.annotations['description']?.length).toBeGreaterThan(10)
  expect(['critical', 'warning', 'info', 'none']).toContain(rule.severity)
  const [path, anchor] = (rule.annotations['runbook_url'] ?? '').split('#')
  const runbooks = await readFile(join(ROOT, path ?? ''), 'utf8')
  const anchors = [...runbooks.matchAll(/^#+ (.+)$/gm)].map(([, title]) => title?.toLowerCase())
  expect(anchors).toContain(anchor)
  expect(anchor).toBe(rule.name.toLowerCase())
})

it('has recordings with the values that their names promise', async () => {
  const invocations = (status: string, values: string) => ({
    series: `sluice_function_invocations_total{function="cut",status="${status}"}`,
    values,
  })
  const bucket = (metric: string, le: string, values: string) => ({
    series: `${metric}_bucket{function="cut",status="success",le="${le}"}`,
    values,
  })
  const value = (name: string, labels: string, at: number) => ({
    expr: name,
    eval_time: '400m',
    exp_samples: [{ labels: `${name}${labels}`, value: at }],
  })
  const cut = '{function="cut"}'
  const tests = [
    {
      interval: '1m',
      input_series: [
        invocations('dead', '0+3x400'),
        invocations('success', '0+9x400'),
        invocations('superseded', '0+100x400'),
        ...['sluice_function_duration_seconds', 'sluice_event_end_to_end_seconds'].flatMap((metric) => [
          bucket(metric, '1', '0+6x400'),
          bucket(metric, '5', '0+60x400'),
          bucket(metric, '+Inf', '0+60x400'),
        ]),
        ...['a', 'b'].flatMap((instance) =>
          ['live', 'low', 'solo', 'running', 'dead'].map((state) => ({
            series: `sluice_queue_depth{function="cut",state="${state}",instance="${instance}"}`,
            values: '2x400',
          })),
        ),
        { series: 'minio_s3_requests_errors_total{api="a"}', values: '0+10x400' },
        { series: 'minio_s3_requests_4xx_errors_total{api="a"}', values: '0+5x400' },
        { series: 'minio_s3_requests_total{api="a"}', values: '0+100x400' },
      ],
      promql_expr_test: [
        ...['5m', '30m', '1h', '6h'].map((span) =>
          value(`function:sluice_error_ratio:rate${span}`, cut, 0.25),
        ),
        value('function:sluice_invocations:rate5m{status="dead"}', '', 0.05),
        value('function:sluice_duration_seconds:p95_5m', cut, 1 + (4 * (57 - 6)) / 54),
        value('function:sluice_end_to_end_seconds:p95_5m', cut, 1 + (4 * (57 - 6)) / 54),
        value('function:sluice_queue_waiting:max', cut, 6),
        value('minio:s3_server_error_ratio:rate5m', '', 0.05),
      ].map((each) =>
        each.expr.includes('{status')
          ? {
              ...each,
              exp_samples: [
                { labels: 'function:sluice_invocations:rate5m{function="cut",status="dead"}', value: 0.05 },
              ],
            }
          : each,
      ),
    },
  ]
  const covered = JSON.stringify(tests)
  expect(records.filter(({ name }) => !covered.includes(name))).toEqual([])
  const testPath = join(dir, 'records.test.yml')
  await writeFile(testPath, JSON.stringify({ rule_files: [RULES_PATH], evaluation_interval: '1m', tests }))
  await run(programs.promtool, ['test', 'rules', testPath])
})

describe.each(alerts)('$name', (rule) => {
  it('fires when it should, not too early, and not otherwise', async () => {
    expect(await judge(rule, rule)).toBe('')
  })

  // Of each alert in CI; here of one, or hundreds of starts of promtool would take a minute.
  it.runIf(isThorough || rule === alerts[0])(
    'would fail this test with another threshold, comparison or time',
    async () => {
      const survivors: unknown[] = []
      for (const mutant of mutantsOf(rule)) {
        if ((await judge(rule, mutant)) === '') survivors.push(mutant)
      }
      expect(survivors).toEqual([])
    },
  )
})
