/** One dashboard, drawn like Grafana as far as its public components allow. */
import React from 'react'
import { createRoot } from 'react-dom/client'
import { TableNG } from '@grafana/ui/unstable'
import {
  BarGauge,
  BigValue,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  BigValueTextMode,
  GlobalStyles,
  LegendDisplayMode,
  PanelChrome,
  PanelContextProvider,
  ThemeContext,
  TimeSeries,
} from '@grafana/ui'
import {
  applyFieldOverrides,
  createDataFrame,
  createTheme,
  dateTime,
  EventBusSrv,
  FieldConfigOptionsRegistry,
  FieldType,
  getDisplayProcessor,
  getFieldDisplayValues,
  VizOrientation,
} from '@grafana/data'

const dash = DASHBOARD
const theme = createTheme({ colors: { mode: 'dark' } })
const bus = new EventBusSrv()
const COLUMN = 59
const ROW = 30
const to = Math.floor(Date.now() / 1000)
const from = to - MINUTES * 60
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

async function framesOf(panel) {
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

function Body({ panel, frames, width, height }) {
  if (panel.type === 'timeseries') {
    const timeRange = {
      from: dateTime(from * 1000),
      to: dateTime(to * 1000),
      raw: { from: 'now-10m', to: 'now' },
    }
    const legend = { showLegend: true, displayMode: LegendDisplayMode.List, placement: 'bottom', calcs: [] }
    return (
      <TimeSeries
        frames={frames}
        structureRev={1}
        width={width}
        height={height}
        timeRange={timeRange}
        timeZone="utc"
        legend={legend}
        options={{}}
      >
        {() => null}
      </TimeSeries>
    )
  }
  if (panel.type === 'table') return <Rows panel={panel} frames={frames} width={width} height={height} />
  if (panel.type === 'state-timeline')
    return <Timeline panel={panel} frames={frames} width={width} height={height} />
  if (panel.type === 'heatmap') return <Heatmap frames={frames} width={width} height={height} />
  const values = getFieldDisplayValues({
    data: frames,
    fieldConfig: panel.fieldConfig,
    reduceOptions: { calcs: ['lastNotNull'], values: false },
    replaceVariables: (text) => text,
    theme,
    timeZone: 'utc',
    sparkline: panel.type === 'stat',
  })
  const isBar = panel.type === 'bargauge'
  return (
    <div style={{ display: 'flex', flexDirection: isBar ? 'column' : 'row' }}>
      {values.map((value, index) =>
        isBar ? (
          <BarGauge
            key={index}
            width={width}
            height={Math.min(60, height / values.length - 6)}
            value={value.display}
            theme={theme}
            field={value.field}
            orientation={VizOrientation.Horizontal}
          />
        ) : (
          <BigValue
            key={index}
            width={width / values.length}
            height={height}
            value={value.display}
            sparkline={value.sparkline}
            theme={theme}
            colorMode={BigValueColorMode.Value}
            graphMode={BigValueGraphMode.Area}
            textMode={BigValueTextMode.Value}
            justifyMode={BigValueJustifyMode.Auto}
          />
        ),
      )}
    </div>
  )
}

function Rows({ panel, frames, width, height }) {
  const hidden = panel.transformations?.[0]?.options.excludeByName ?? {}
  const rows = frames.map((frame) => ({ ...frame.fields[1].labels, Value: frame.fields[1].values.at(-1) }))
  const keys = [...new Set(rows.flatMap(Object.keys))].filter((key) => !hidden[key])
  const table = createDataFrame({
    fields: keys.map((name) => ({
      name,
      type: name === 'Value' ? FieldType.number : FieldType.string,
      values: rows.map((row) => row[name] ?? ''),
      config: name === 'Value' ? { decimals: panel.fieldConfig.defaults.decimals } : {},
    })),
  })
  for (const field of table.fields) field.display = getDisplayProcessor({ field, theme })
  return <TableNG data={table} width={width} height={height} />
}

function Timeline({ panel, frames, width, height }) {
  const words = panel.fieldConfig.defaults.mappings[0]?.options ?? {}
  const line = height / Math.max(frames.length, 1)
  return (
    <div style={{ position: 'relative', width, height }}>
      {frames.map((frame, index) => {
        const { values, config } = frame.fields[1]
        return (
          <div
            key={index}
            style={{
              position: 'absolute',
              top: index * line,
              height: line - 4,
              width,
              display: 'flex',
              alignItems: 'center',
              fontSize: 12,
            }}
          >
            <div style={{ width: 110, color: theme.colors.text.secondary }}>{config.displayNameFromDS}</div>
            <div style={{ flex: 1, height: line - 6, display: 'flex' }}>
              {values.map((value, at) => {
                const color =
                  value === null
                    ? 'transparent'
                    : theme.visualization.getColorByName(words[value]?.color ?? 'green')
                return <div key={at} style={{ flex: 1, background: color, opacity: 0.7 }} />
              })}
            </div>
          </div>
        )
      })}
    </div>
  )
}

const limitOf = (frame) => Number(frame.fields[1].labels.le.replace('+Inf', 'Infinity'))

/** Converts cumulative buckets into single ones. */
function Heatmap({ frames, width, height }) {
  const sorted = frames.toSorted((a, b) => limitOf(a) - limitOf(b))
  const lines = sorted.map((frame, index) => ({
    le: frame.fields[1].labels.le,
    values: frame.fields[1].values.map((value, at) =>
      Math.max(0, value - (sorted[index - 1]?.fields[1].values[at] ?? 0)),
    ),
  }))
  const most = Math.max(...lines.flatMap(({ values }) => values), 1e-9)
  const line = height / Math.max(lines.length, 1)
  return (
    <div style={{ position: 'relative', width, height, fontSize: 11 }}>
      {lines.toReversed().map(({ le, values }) => (
        <div key={le} style={{ display: 'flex', height: line, alignItems: 'center' }}>
          <div style={{ width: 44, color: theme.colors.text.secondary }}>
            {le === '+Inf' ? '∞' : `${le} s`}
          </div>
          {values.map((value, at) => (
            <div
              key={at}
              style={{ flex: 1, height: line - 1, background: `rgba(255,152,48,${value / most})` }}
            />
          ))}
        </div>
      ))}
    </div>
  )
}

function Panel({ panel }) {
  const [frames, setFrames] = React.useState()
  const [error, setError] = React.useState()
  React.useEffect(() => {
    framesOf(panel).then(setFrames, (reason) => setError(String(reason)))
  }, [panel])
  const { x, y, w, h } = panel.gridPos
  const place = {
    position: 'absolute',
    left: x * COLUMN + 12,
    top: y * ROW + 48,
    width: w * COLUMN - 8,
    height: h * ROW - 8,
  }
  if (panel.type === 'row')
    return (
      <div style={{ ...place, height: ROW - 8, fontWeight: 500, color: theme.colors.text.primary }}>
        {panel.title}
      </div>
    )
  return (
    <div style={place}>
      <PanelChrome
        title={panel.title}
        width={place.width}
        height={place.height}
        statusMessage={error}
        padding="md"
      >
        {(width, height) =>
          frames?.length ? (
            <Body panel={panel} frames={frames} width={width} height={height} />
          ) : (
            <div style={{ color: '#999' }}>{frames ? panel.fieldConfig.defaults.noValue : ''}</div>
          )
        }
      </PanelChrome>
    </div>
  )
}

document.body.style.cssText = `background:${theme.colors.background.canvas};color:${theme.colors.text.primary};font-family:Inter,Helvetica,Arial,sans-serif;font-size:14px;margin:0`
createRoot(document.getElementById('r')).render(
  <ThemeContext.Provider value={theme}>
    <GlobalStyles />
    <div style={{ padding: '12px 12px 0', fontSize: 18 }}>
      Sluice / {dash.title}{' '}
      <span style={{ fontSize: 12, color: theme.colors.text.secondary }}>— preview</span>
    </div>
    <PanelContextProvider value={{ eventsScope: 'preview', eventBus: bus }}>
      {dash.panels.map((panel) => (
        <Panel key={panel.id} panel={panel} />
      ))}
    </PanelContextProvider>
  </ThemeContext.Provider>,
)
