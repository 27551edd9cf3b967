/** Kinds of panels that Grafana's public components do not draw. */
import React from 'react'
import { TableNG } from '@grafana/ui/unstable'
import { createDataFrame, FieldType, getDisplayProcessor } from '@grafana/data'
import { theme } from './frames.js'

export function Rows({ panel, frames, width, height }) {
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

export function Timeline({ panel, frames, width, height }) {
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
export function Heatmap({ frames, width, height }) {
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
