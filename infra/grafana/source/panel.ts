/** Panels and dashboards as Grafana's JSON, from what differs between ours. Pure. @module */

export interface Query {
  readonly expr: string
  /** Such as `{{function}}`. */
  readonly legend?: string
}

export interface Panel {
  readonly title: string
  /** What it shows and what a bad value means. */
  readonly description: string
  readonly kind: 'timeseries' | 'stat' | 'bargauge' | 'table' | 'state-timeline' | 'heatmap'
  /** Grafana's ids, such as `s`, `bytes`, `percentunit`, `short`. */
  readonly unit: string
  readonly queries: readonly Query[]
  /** Of 24. */
  readonly width: number
  readonly height?: number
  /** Areas on top of each other. */
  readonly isStacked?: boolean
  /** Points that name runs. */
  readonly hasExemplars?: boolean
  readonly decimals?: number
  readonly max?: number
  /** From which value on it is orange and red; `bad: 'low'` turns that round. */
  readonly limits?: { readonly warn: number; readonly bad: number; readonly isLowBad?: boolean }
  /** In words, for values such as 0 and 1. */
  readonly words?: Readonly<Record<string, { readonly text: string; readonly color: string }>>
  readonly links?: readonly Link[]
  readonly hiddenColumns?: readonly string[]
}

export interface Link {
  readonly title: string
  readonly url: string
}

export interface Row {
  readonly title: string
  readonly panels: readonly Panel[]
}

export interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly description: string
  readonly rows: readonly Row[]
  /** Whether one function is looked at, any number of them, or none is chosen. */
  readonly functions?: 'one' | 'many'
}

/** Never `${DS_…}`: what is provisioned from files fills no inputs. */
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' }
const DEFAULT_HEIGHT = 8

export function dashboardJson(dashboard: Dashboard, all: readonly Dashboard[]) {
  return {
    id: null,
    uid: dashboard.uid,
    title: dashboard.title,
    description: dashboard.description,
    tags: ['sluice'],
    editable: false,
    schemaVersion: 39,
    timezone: 'browser',
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    graphTooltip: 1,
    templating: { list: variables(dashboard) },
    annotations: { list: [deployments()] },
    links: all
      .filter(({ uid }) => uid !== dashboard.uid)
      .map(({ uid, title }) => ({
        title,
        type: 'link',
        url: `/d/${uid}`,
        icon: 'dashboard',
        includeVars: true,
        keepTime: true,
        targetBlank: false,
        asDropdown: false,
        tags: [],
        tooltip: '',
      })),
    panels: layOut(dashboard.rows),
  }
}

function variables({ functions }: Dashboard) {
  const datasource = {
    name: 'datasource',
    label: 'Data source',
    type: 'datasource',
    query: 'prometheus',
    current: { text: 'Prometheus', value: 'prometheus' },
    hide: 0,
  }
  if (!functions) return [datasource]
  const query = 'label_values(sluice_function_info, function)'
  const isMany = functions === 'many'
  return [
    datasource,
    {
      name: 'function',
      label: 'Function',
      type: 'query',
      datasource: DATASOURCE,
      query: { query, refId: 'functions' },
      definition: query,
      refresh: 2,
      sort: 1,
      multi: isMany,
      includeAll: isMany,
      ...(isMany && { allValue: '.*', current: { text: 'All', value: '$__all' } }),
      hide: 0,
    },
  ]
}

function deployments() {
  return {
    name: 'Deployments',
    datasource: DATASOURCE,
    enable: true,
    iconColor: 'blue',
    expr: 'max by (version) (sluice_build_info) unless max by (version) (sluice_build_info offset 2m)',
    titleFormat: 'Version {{version}}',
    step: '60s',
  }
}

function layOut(rows: readonly Row[]) {
  const panels: unknown[] = []
  let id = 0
  let y = 0
  for (const row of rows) {
    panels.push({
      id: ++id,
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y, w: 24, h: 1 },
      panels: [],
    })
    y++
    let x = 0
    let lineHeight = 0
    for (const panel of row.panels) {
      const h = panel.height ?? DEFAULT_HEIGHT
      if (x + panel.width > 24) {
        y += lineHeight
        x = 0
        lineHeight = 0
      }
      panels.push({ id: ++id, ...panelJson(panel), gridPos: { x, y, w: panel.width, h } })
      x += panel.width
      lineHeight = Math.max(lineHeight, h)
    }
    y += lineHeight
  }
  return panels
}

function panelJson(panel: Panel) {
  const isNow = panel.kind === 'table' || panel.kind === 'bargauge'
  return {
    type: panel.kind,
    title: panel.title,
    description: panel.description,
    datasource: DATASOURCE,
    targets: panel.queries.map(({ expr, legend }, index) => ({
      refId: String.fromCodePoint(65 + index),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend ?? '__auto',
      ...(isNow ? { instant: true, range: false } : { instant: false, range: true }),
      ...(panel.kind === 'table' && { format: 'table' }),
      ...(panel.kind === 'heatmap' && { format: 'heatmap' }),
      ...(panel.hasExemplars && { exemplar: true }),
    })),
    fieldConfig: { defaults: fieldDefaults(panel), overrides: [] },
    options: OPTIONS[panel.kind],
    ...(panel.hiddenColumns && { transformations: [hideColumns(panel.hiddenColumns)] }),
  }
}

function fieldDefaults(panel: Panel) {
  const { limits, words } = panel
  const [good, bad] = limits?.isLowBad ? ['red', 'green'] : ['green', 'red']
  const steps = limits
    ? [
        { color: good, value: null },
        { color: 'orange', value: limits.isLowBad ? limits.bad : limits.warn },
        { color: bad, value: limits.isLowBad ? limits.warn : limits.bad },
      ]
    : [{ color: 'green', value: null }]
  return {
    unit: panel.unit,
    noValue: 'nothing yet',
    min: 0,
    ...(panel.max !== undefined && { max: panel.max }),
    ...(panel.decimals !== undefined && { decimals: panel.decimals }),
    color: { mode: limits || panel.kind === 'stat' ? 'thresholds' : 'palette-classic' },
    thresholds: { mode: 'absolute', steps },
    mappings: words
      ? [
          {
            type: 'value',
            options: Object.fromEntries(
              Object.entries(words).map(([value, word], index) => [value, { ...word, index }]),
            ),
          },
        ]
      : [],
    links: panel.links?.map((link) => ({ ...link, targetBlank: true })) ?? [],
    ...(panel.kind === 'timeseries' && {
      custom: {
        drawStyle: 'line',
        lineWidth: 1,
        fillOpacity: panel.isStacked ? 40 : 8,
        showPoints: 'auto',
        spanNulls: 60_000,
        stacking: { mode: panel.isStacked ? 'normal' : 'none', group: 'A' },
      },
    }),
  }
}

function hideColumns(names: readonly string[]) {
  const excludeByName = Object.fromEntries(names.map((name) => [name, true]))
  return { id: 'organize', options: { excludeByName, indexByName: {}, renameByName: {} } }
}

const LAST = { reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false } }
const OPTIONS: Readonly<Record<Panel['kind'], unknown>> = {
  timeseries: {
    legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
    tooltip: { mode: 'multi', sort: 'desc' },
  },
  stat: { ...LAST, colorMode: 'value', graphMode: 'area', textMode: 'auto' },
  bargauge: { ...LAST, orientation: 'horizontal', displayMode: 'basic' },
  table: { showHeader: true, cellHeight: 'sm' },
  'state-timeline': { mergeValues: true, showValue: 'never', rowHeight: 0.8, legend: { showLegend: false } },
  heatmap: { calculate: false, color: { scheme: 'Oranges', mode: 'scheme' }, yAxis: { unit: 's' } },
}
