/** One dashboard, drawn like Grafana as far as its public components allow. */
import React from 'react'
import { createRoot } from 'react-dom/client'
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
import { dateTime, EventBusSrv, getFieldDisplayValues, VizOrientation } from '@grafana/data'
import { Heatmap, Rows, Timeline } from './drawings.jsx'
import { framesOf, from, theme, to } from './frames.js'

const dash = DASHBOARD
const bus = new EventBusSrv()
const COLUMN = 59
const ROW = 30

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
