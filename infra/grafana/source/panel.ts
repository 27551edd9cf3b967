/** Panels and dashboards as Grafana's JSON, from the parts in which ours differ. Pure. @module */

export interface Query {
  readonly expr: string
  /** Such as `{{function}}`. */
  readonly legend?: string
}

export interface Panel {
  readonly title: string
  /** The contents, and the meaning of a bad value. */
  readonly description: string
  readonly kind: 'timeseries' | 'stat' | 'bargauge' | 'table' | 'state-timeline' | 'heatmap'
  /** Grafana's ids, such as `s`, `bytes`, `percentunit`, `short`. */
  readonly unit: string
  readonly queries: readonly Query[]
  /** Columns, of 24. */
  readonly width: number
  readonly height?: number
  /** Areas on top of each other. */
  readonly isStacked?: boolean
  /** Points that name runs. */
  readonly hasExemplars?: boolean
  readonly decimals?: number
  readonly max?: number
  /** The values from which it is orange and red; `isLowBad` reverses that. */
  readonly limits?: { readonly warn: number; readonly bad: number; readonly isLowBad?: boolean }
  /** In words, for values such as 0 and 1. */
  readonly words?: Readonly<Record<string, { readonly text: string; readonly color: string }>>
  /** By the name of a series; others have the next colour. */
  readonly colors?: Readonly<Record<string, string>>
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
  /** Whether the dashboard shows one selected function, several, or has no selection. */
  readonly functions?: 'one' | 'many'
}

/** Never `${DS_…}`: what is provisioned from files fills no inputs. */
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' }

export function panelJson(panel: Panel) {
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
    fieldConfig: { defaults: fieldDefaults(panel), overrides: colorOverrides(panel.colors ?? {}) },
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

function colorOverrides(colors: Readonly<Record<string, string>>) {
  return Object.entries(colors).map(([name, fixedColor]) => ({
    matcher: { id: 'byName', options: name },
    properties: [{ id: 'color', value: { mode: 'fixed', fixedColor } }],
  }))
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
