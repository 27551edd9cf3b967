/** The committed dashboards, and the queries of their panels. @module */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const DASHBOARDS_DIR = join(import.meta.dirname, '..', '..', 'infra', 'grafana', 'dashboards')

export interface PanelJson {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description: string
  readonly datasource?: { readonly type: string; readonly uid: string }
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets: readonly {
    readonly expr: string
    readonly refId: string
    readonly datasource: { readonly uid: string }
  }[]
  readonly fieldConfig: { readonly defaults: { readonly unit: string; readonly noValue: string } }
}

export interface DashboardJson {
  readonly id: null
  readonly uid: string
  readonly title: string
  readonly editable: boolean
  readonly schemaVersion: number
  readonly links: readonly { readonly url: string }[]
  readonly templating: { readonly list: readonly { readonly name: string }[] }
  readonly panels: readonly PanelJson[]
}

export function readDashboards(): DashboardJson[] {
  return readdirSync(DASHBOARDS_DIR).map(
    (name) => JSON.parse(readFileSync(join(DASHBOARDS_DIR, name), 'utf8')) as DashboardJson,
  )
}

/** Without the rows, which are only headings. */
export function panelsOf({ panels }: DashboardJson): PanelJson[] {
  return panels.filter(({ type }) => type !== 'row')
}

/** The names of series in an expression: those with the prefixes that are in use here. */
export function namesIn(expr: string): string[] {
  const withoutTexts = expr.replaceAll(/"[^"]*"/g, '""')
  const names =
    /\b(?:(?:sluice|redis|minio|node|nodejs|process|http|prometheus)_\w+|(?:function|minio):\w+:\w+|up|ALERTS)\b/g
  return [...new Set(withoutTexts.match(names))]
}
