/** `npm run dashboards`: writes the JSON that Grafana reads. A test compares it with what is committed. @module */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { dashboardJson } from './dashboard-json.ts'
import { DASHBOARDS } from './index.ts'

export const DASHBOARDS_DIR = join(import.meta.dirname, '..', 'dashboards')

/** The text of each file, by its name. */
export async function generate(): Promise<Map<string, string>> {
  const texts = new Map<string, string>()
  for (const dashboard of DASHBOARDS) {
    const path = join(DASHBOARDS_DIR, `${dashboard.uid}.json`)
    const options = { ...(await resolveConfig(path)), parser: 'json' }
    texts.set(
      `${dashboard.uid}.json`,
      await format(JSON.stringify(dashboardJson(dashboard, DASHBOARDS)), options),
    )
  }
  return texts
}

if (process.argv[1] === import.meta.filename) {
  mkdirSync(DASHBOARDS_DIR, { recursive: true })
  for (const [name, text] of await generate()) writeFileSync(join(DASHBOARDS_DIR, name), text)
}
