/** No text that people read has a habit of translated English (`wording/habits.ts`). @module */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { HABITS } from './wording/habits.ts'
import { textFiles, textsOfCode, type TextFile } from './wording/texts.ts'

/** `<count> <room>` for each room that still has some; it may only shrink, and goes when it is empty. */
const ALLOWANCE = join(import.meta.dirname, 'wording', 'allowance.txt')

function habitsIn({ path, source, texts }: Pick<TextFile, 'path' | 'source' | 'texts'>): readonly string[] {
  return texts.flatMap(({ text, offset, isHelp }) =>
    HABITS.filter(({ isStart }) => isHelp || !isStart).flatMap(({ name, idiom, pattern, isStart }) =>
      Array.from((isStart ? text.trimStart() : text).matchAll(pattern), (found) => {
        const line = source.slice(0, offset + (isStart ? 0 : found.index)).split('\n').length
        const quote = text
          .slice(Math.max(0, found.index - 30), found.index + 40)
          .replaceAll(/\s+/g, ' ')
          .trim()
        return `${path}:${line} ${name}: write ${idiom}; in "${quote}"`
      }),
    ),
  )
}

/** `runtime/queue` of a file in it, so that files of a room may move and merge without touching the allowance. */
function roomOf(path: string): string {
  return path.split('/').slice(0, -1).slice(0, 2).join('/') || path
}

const found = new Map<string, readonly string[]>()
for (const file of textFiles()) {
  const room = roomOf(file.path)
  found.set(room, [...(found.get(room) ?? []), ...habitsIn(file)])
}
const counts = [...found].flatMap(([room, each]) => (each.length === 0 ? [] : [`${each.length} ${room}\n`]))
if (process.env['WORDING'] === 'count') writeFileSync(ALLOWANCE, counts.join(''))
const lines =
  process.env['WORDING'] === 'list' ? [] : readFileSync(ALLOWANCE, 'utf8').split('\n').filter(Boolean)
const allowed = new Map<string, number>()
for (const line of lines) {
  const [count, room] = line.split(' ') as [string, string]
  allowed.set(room, Math.min(Number(count), allowed.get(room) ?? Infinity))
}

describe('the English of what people read', () => {
  it('has none of the eight habits (WORDING=list lists all that are left)', () => {
    const tooMany = [...found].filter(([room, each]) => each.length > (allowed.get(room) ?? 0))
    expect(tooMany.flatMap(([, each]) => each)).toEqual([])
  })

  it('is not excused where it is right already: WORDING=count writes the allowance again', () => {
    const stale = [...allowed].filter(([room, count]) => count > (found.get(room)?.length ?? 0))
    expect(stale).toEqual([])
  })

  it.each([
    ["throw new Error('it is no size')", '"is no X"'],
    ['log.info(`the run ${id} goes\\non`)', '"goes on"'],
    ["cli.option('--x', 'what it takes')", '"What …", "Who …" or "Whose …" as the subject'],
    ['/** Whose turn it is. */', '"What …", "Who …" or "Whose …" as the subject'],
    ['// The text is\n// told anew.', '"is told"'],
  ])('finds %j', (source, name) => {
    expect(habitsIn({ path: 'a.ts', source, texts: textsOfCode(source) }).join('\n')).toContain(name)
  })

  it.each([
    'there is no run',
    'it is no longer there',
    'understands',
    'what can be done?',
    'A bucket stands for x.',
  ])('lets %j pass', (text) => {
    const source = `cli.description(${JSON.stringify(text)})`
    expect(habitsIn({ path: 'a.ts', source, texts: textsOfCode(source) })).toEqual([])
  })
})
