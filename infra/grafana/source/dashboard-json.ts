/** A dashboard as Grafana's JSON: variables, links, and its panels one beside the other. Pure. @module */
import { DATASOURCE, panelJson, type Dashboard, type Row } from './panel.ts'

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
    links: [
      ...all
        .filter(({ uid }) => uid !== dashboard.uid)
        .map(({ uid, title }) => linkJson({ title, url: `/d/${uid}`, icon: 'dashboard', isWithin: true })),
      // Not its first page: Grafana puts its own path in front, and `/` is then Grafana's.
      linkJson({
        title: 'Console',
        url: dashboard.functions === 'one' ? '/runs?function=${function}' : '/runs',
        icon: 'external link',
        isWithin: false,
      }),
    ],
    panels: layOut(dashboard.rows),
  }
}

interface DashboardLink {
  readonly title: string
  readonly url: string
  /** One of Grafana's. */
  readonly icon: string
  /** Whether it leads to a dashboard, which gets the variables and the time. */
  readonly isWithin: boolean
}

function linkJson({ title, url, icon, isWithin }: DashboardLink) {
  return {
    title,
    type: 'link',
    url,
    icon,
    includeVars: isWithin,
    keepTime: isWithin,
    targetBlank: false,
    asDropdown: false,
    tags: [],
    tooltip: '',
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
