/** The series of a panel from Prometheus, as Grafana's frames. */
import {
  applyFieldOverrides,
  createDataFrame,
  createTheme,
  FieldConfigOptionsRegistry,
  FieldType,
  getDisplayProcessor,
} from '@grafana/data'

export const theme = createTheme({ colors: { mode: 'dark' } })
export const to = Math.floor(Date.now() / 1000)
export const from = to - MINUTES * 60
const step = 5

const fill = (expr) =>
  expr
    .replaceAll('$__rate_interval', '1m')
    .replaceAll('$__range', `${MINUTES}m`)
    .replaceAll('="$function"', '="chunk"')
    .replaceAll('$function', '.*')

async function ask({ expr, instant }) {
  const params = instant
    ? new URLSearchParams({ query: fill(expr), time: to })
    : new URLSearchParams({ query: fill(expr), start: from, end: to, step })
  const response = await fetch(`/api/v1/query${instant ? '' : '_range'}?${params}`)
  const answer = await response.json()
  if (answer.status !== 'success') throw new Error(answer.error)
  return answer.data.result.map((series) => ({ ...series, values: series.values ?? [series.value] }))
}

const nameOf = ({ legendFormat }, metric) =>
  legendFormat && legendFormat !== '__auto'
    ? legendFormat.replace(/\{\{(\w+)\}\}/g, (_, key) => metric[key] ?? '')
    : ''

export async function framesOf(panel) {
  const frames = []
  for (const target of panel.targets) {
    for (const series of await ask(target)) {
      const known = new Map(series.values.map(([at, value]) => [at, Number(value)]))
      const times = []
      const values = []
      const points = target.instant
        ? [...known.keys()]
        : Array.from({ length: (to - from) / step + 1 }, (_, i) => from + i * step)
      for (const at of points) {
        times.push(at * 1000)
        const value = known.get(at)
        values.push(Number.isFinite(value) ? value : null)
      }
      frames.push(
        createDataFrame({
          refId: target.refId,
          fields: [
            { name: 'time', type: FieldType.time, values: times, config: {} },
            {
              name: 'value',
              type: FieldType.number,
              values,
              labels: series.metric,
              config: { displayNameFromDS: nameOf(target, series.metric) || panel.title },
            },
          ],
        }),
      )
    }
  }
  const visible =
    panel.type === 'timeseries'
      ? frames.filter((each) => each.fields[1].values.some((value) => value !== null))
      : frames
  return applyFieldOverrides({
    data: visible,
    fieldConfig: panel.fieldConfig,
    replaceVariables: (text) => text,
    theme,
    timeZone: 'utc',
    fieldConfigRegistry: new FieldConfigOptionsRegistry(),
  }).map((frame, index) => {
    for (const field of frame.fields) {
      field.config = { ...panel.fieldConfig.defaults, ...field.config, links: [] }
      const override = panel.fieldConfig.overrides.find(
        ({ matcher }) => matcher.options === field.config.displayNameFromDS,
      )
      if (override) field.config.color = override.properties[0].value
      field.state = { ...field.state, seriesIndex: index }
      field.display = getDisplayProcessor({ field, theme, timeZone: 'utc' })
    }
    return frame
  })
}
