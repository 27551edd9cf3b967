import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
// Registers the metrics of the FFmpeg seam.
import '../../../../functions/ffmpeg/run/metrics.ts'
import { generate } from '../../../../infra/grafana/source/generate.ts'
import { createQueueGauges } from '../../../../runtime/api/queue-gauges.ts'
import { createStreamsGauge } from '../../../../runtime/api/streams-gauge.ts'
import { createStreamStore } from '../../../../runtime/queue/streams.ts'
import { createMetrics, functionMetrics } from '../../../../runtime/telemetry/metrics.ts'
import { createBacklog } from '../../../../runtime/queue/backlog.ts'
import { createKeys } from '../../../../runtime/queue/keys.ts'
import { DASHBOARDS_DIR, namesIn, panelsOf, readDashboards } from '../../../helpers/panels.ts'
import { readRules } from '../../../helpers/prometheus-rules.ts'

const dashboards = readDashboards()
const redis = new Redis({ lazyConnect: true })
afterAll(() => redis.disconnect())

/** Metrics of the servers, as captured from real ones, and of the runtime. */
function exposed(): Set<string> {
  const fixtures = ['minio_v2_cluster', 'minio_v2_bucket', 'redis_exporter_1.45', 'node_exporter_1.5']
  const lines = fixtures.flatMap((name) => {
    const path = join(import.meta.dirname, '..', '..', '..', 'fixtures', 'metric-names', `${name}.txt`)
    return readFileSync(path, 'utf8').split('\n')
  })
  const { registry } = createMetrics()
  createQueueGauges({ backlog: createBacklog(redis, createKeys('sluice')), functionNames: ['cut'], registry })
  createStreamsGauge({ streams: createStreamStore(redis, createKeys('sluice'), 30_000), registry })
  const ours = [...registry.getMetricsAsArray(), ...functionMetrics.getMetricsAsArray()].flatMap(
    ({ name, type }) =>
      String(type) === 'histogram' ? ['bucket', 'sum', 'count'].map((part) => `${name}_${part}`) : [name],
  )
  return new Set([
    ...lines.map((line) => line.split(' ')[0] ?? ''),
    ...ours,
    ...readRules().flatMap(({ kind, name }) => (kind === 'record' ? [name] : [])),
    // Prometheus's own, seen in test/e2e/monitoring.
    'up',
    'ALERTS',
    'prometheus_tsdb_head_series',
    'prometheus_notifications_alertmanagers_discovered',
    'prometheus_notifications_errors_total',
    'prometheus_rule_evaluation_failures_total',
  ])
}

it('are committed as generated (npm run dashboards)', async () => {
  const texts = await generate()
  expect([...texts.keys()].toSorted()).toEqual(dashboards.map(({ uid }) => `${uid}.json`).toSorted())
  for (const [name, text] of texts) expect(readFileSync(join(DASHBOARDS_DIR, name), 'utf8')).toBe(text)
})

it('query only series that are exposed, as do the rules', () => {
  const known = exposed()
  const asked = [
    ...dashboards.flatMap((each) => panelsOf(each).flatMap(({ targets }) => targets.map(({ expr }) => expr))),
    ...readRules().map(({ expr }) => expr),
  ]
  const names = [...new Set(asked.flatMap(namesIn))]
  expect(names.length).toBeGreaterThan(70)
  expect(names.filter((name) => !known.has(name))).toEqual([])
})

it('link to each other and to the console, and each uid is unique', () => {
  const uids = dashboards.map(({ uid }) => uid)
  expect(new Set(uids).size).toBe(uids.length)
  for (const { uid, links } of dashboards) {
    const others = uids.filter((each) => each !== uid).map((each) => `/d/${each}`)
    const console = uid === 'sluice-function' ? '/runs?function=${function}' : '/runs'
    expect(links.map(({ url }) => url).toSorted()).toEqual([...others, console].toSorted())
  }
})

describe.each(dashboards)('$title', (dashboard) => {
  it('is not editable, and uses the variable for its data source', () => {
    expect(dashboard).toMatchObject({ id: null, editable: false })
    expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(39)
    expect(dashboard.templating.list.map(({ name }) => name)).toContain('datasource')
    expect(JSON.stringify(dashboard)).not.toContain('${DS_')
  })

  it.each(panelsOf(dashboard))('$title: has a description, a unit and valid queries', (panel) => {
    expect(panel.description).toMatch(/^\S.{10,}[.:]?$/)
    expect(panel.fieldConfig.defaults.unit).not.toBe('')
    expect(panel.fieldConfig.defaults.noValue).not.toBe('')
    expect(panel.targets.length).toBeGreaterThan(0)
    for (const { expr, datasource } of panel.targets) {
      expect(datasource.uid).toBe('${datasource}')
      // A fixed window is wrong on another scale; forecasts choose theirs.
      expect(expr.replace(/predict_linear\([^)]*\)/, '')).not.toMatch(/\[\d/)
      const isCounter = (name: string) =>
        /_(total|bucket|count|sum)$/.test(name) && !name.startsWith('minio_cluster_drive')
      const bare = namesIn(expr).filter(
        (name) => isCounter(name) && !new RegExp(`(rate|increase)\\(${name}`).test(expr),
      )
      expect(bare).toEqual([])
      const variables = [...expr.matchAll(/\$(\w+)/g)].map(([, name]) => name)
      const known = ['__rate_interval', '__range', ...dashboard.templating.list.map(({ name }) => name)]
      expect(variables.filter((name) => !known.includes(name ?? ''))).toEqual([])
    }
  })

  it('has no overlapping panels and no duplicate ids', () => {
    const { panels } = dashboard
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    const taken = new Set<string>()
    for (const { gridPos } of panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken).not.toContain(`${x},${y}`)
          taken.add(`${x},${y}`)
        }
      }
    }
  })
})
