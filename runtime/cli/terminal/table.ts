/**
 * Lists: a table for a person, tab-separated columns for a program, or JSON. Rows are written as they arrive; the first ones
 * decide the widths.
 * @module
 */
import { safeJson } from '../../telemetry/safe-text.ts'
import { escaped, printable } from '../../printable.ts'
import { fit, padded, shownOn, widthOf, wrapped } from './printable.ts'
import { toned, type Terminal, type Tone } from './terminal.ts'

export interface Column<T> {
  readonly title: string
  /** The text for a person. It may come from elsewhere: it is made printable here. */
  readonly show: (row: T) => string
  /** The text for a program. @defaultValue the text for a person */
  readonly plain?: (row: T) => string
  readonly isNumber?: boolean
  /** Takes the rest of the line, and is shortened to fit; one column of a table. */
  readonly isFlexible?: boolean
  readonly tone?: (row: T) => Tone | undefined
  /** Hidden from a person, who sees it elsewhere or not at all. */
  readonly isForPrograms?: boolean
}

export interface ListingOptions<T> {
  readonly json?: boolean | undefined
  /** A sentence below the row, for a person; empty for none. */
  readonly note?: (row: T) => string
}

export interface Listing<T> {
  add(rows: readonly T[]): void
  end(): void
}

const GAP = '  '
const NARROWEST_FLEXIBLE = 16

export function createListing<T>(
  terminal: Terminal,
  columns: readonly Column<T>[],
  { json, note }: ListingOptions<T> = {},
): Listing<T> {
  if (json) return jsonListing(terminal)
  if (!terminal.isTerminal) return tabbed(terminal, columns)
  const shown = columns.filter(({ isForPrograms }) => !isForPrograms)
  return table(terminal, shown, note)
}

/** One document, with an item on each line. */
function jsonListing<T>(terminal: Terminal): Listing<T> {
  let isFirst = true
  return {
    add(rows) {
      for (const row of rows) {
        terminal.write(`${isFirst ? '[\n' : ',\n'}${safeJson(row)}`)
        isFirst = false
      }
    },
    end: () => terminal.write(isFirst ? '[]\n' : '\n]\n'),
  }
}

/** Without a heading, which `cut` and `while read` do not need. */
function tabbed<T>(terminal: Terminal, columns: readonly Column<T>[]): Listing<T> {
  return {
    add(rows) {
      for (const row of rows)
        terminal.write(`${columns.map((column) => escaped((column.plain ?? column.show)(row))).join('\t')}\n`)
    },
    end: () => undefined,
  }
}

function table<T>(
  terminal: Terminal,
  columns: readonly Column<T>[],
  note: (row: T) => string = () => '',
): Listing<T> {
  let widths: readonly number[] | undefined
  const line = (
    cells: readonly string[],
    toneOf: (index: number) => Tone | undefined,
    sizes: readonly number[],
  ) => {
    const parts = cells.map((cell, index) => {
      const column = columns[index] as Column<T>
      const width = sizes[index] as number
      const isLast = index === cells.length - 1 && !column.isNumber
      const text = column.isFlexible ? fit(cell, width) : cell
      return toned(isLast ? text : padded(text, width, column.isNumber), toneOf(index), terminal)
    })
    terminal.write(`${parts.join(GAP)}\n`)
  }
  return {
    add(rows) {
      if (rows.length === 0) return
      const cells = rows.map((row) => columns.map((column) => printable(column.show(row))))
      if (!widths) {
        widths = widthsOf(columns, cells, terminal.columns)
        const titles = columns.map(({ title }) => title.toUpperCase())
        line(titles, () => 'quiet', widths)
      }
      for (const [index, row] of rows.entries()) {
        line(cells[index] as string[], (column) => columns[column]?.tone?.(row), widths)
        const below = printable(note(row))
        if (below !== '') terminal.write(`${indented(wrapped(below, terminal.columns - GAP.length))}\n`)
      }
    },
    end: () => undefined,
  }
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, GAP)
}

function widthsOf<T>(
  columns: readonly Column<T>[],
  cells: readonly (readonly string[])[],
  lineWidth: number,
): readonly number[] {
  const widths = columns.map(({ title }, index) =>
    Math.max(widthOf(title), ...cells.map((row) => widthOf(row[index] as string))),
  )
  const flexible = columns.findIndex(({ isFlexible }) => isFlexible)
  const others = widths.reduce((sum, width, index) => sum + (index === flexible ? 0 : width), 0)
  const left = Math.max(NARROWEST_FLEXIBLE, lineWidth - others - GAP.length * (columns.length - 1))
  return widths.map((width, index) => (index === flexible ? Math.min(width, left) : width))
}

/** Names and values, one below the other; a value with several lines is a list. */
export function writeFacts(
  terminal: Terminal,
  facts: readonly (readonly [name: string, value: string | readonly string[] | undefined])[],
): void {
  const given = facts.filter(([, value]) => value !== undefined && value.length > 0)
  const width = Math.max(0, ...given.map(([name]) => widthOf(name)))
  for (const [name, value] of given) {
    const lines = [value as string | readonly string[]].flat().map((line) => shownOn(terminal, line))
    if (!terminal.isTerminal) terminal.write(`${name}\t${lines.join('\\n')}\n`)
    else
      terminal.write(
        `${toned(padded(name, width), 'quiet', terminal)}${GAP}${lines.join(`\n${' '.repeat(width)}${GAP}`)}\n`,
      )
  }
}

export function writeJson(terminal: Terminal, value: unknown): void {
  terminal.write(`${safeJson(value, 2)}\n`)
}
