/** No text that people read has a habit of translated English (`wording/habits.ts`). @module */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { HABITS } from './wording/habits.ts'
import { textFiles, textsOfCode, type TextFile } from './wording/texts.ts'

/** `<count> <path>` for each file that still has some; it may only shrink, and goes when it is empty. */
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

const found = new Map(textFiles().map((file) => [file.path, habitsIn(file)]))
const counts = [...found].flatMap(([path, each]) => (each.length === 0 ? [] : [`${each.length} ${path}`]))
if (process.env['WORDING'] === 'count') writeFileSync(ALLOWANCE, counts.map((line) => `${line}\n`).join(''))
const allowed = new Map<string, number>()
for (const line of readFileSync(ALLOWANCE, 'utf8').split('\n').filter(Boolean)) {
  const [count, path] = line.split(' ') as [string, string]
  allowed.set(path, Math.min(Number(count), allowed.get(path) ?? Infinity))
}

describe('the English of what people read', () => {
  it('has none of the eight habits', () => {
    const tooMany = [...found].filter(([path, each]) => each.length > (allowed.get(path) ?? 0))
    expect(tooMany.flatMap(([, each]) => each)).toEqual([])
  })

  it('is not excused where it is right already: WORDING=count writes the allowance again', () => {
    const stale = [...allowed].filter(([path, count]) => count > (found.get(path)?.length ?? 0))
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
