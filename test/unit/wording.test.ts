/** No text that people read has a habit of translated English (`wording/habits.ts`). @module */
import { describe, expect, it } from 'vitest'
import { HABITS } from './wording/habits.ts'
import { textFiles, textsOfCode, type TextFile } from './wording/texts.ts'

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

describe('the English of what people read', () => {
  it('has none of the eight habits', () => {
    expect(textFiles().flatMap(habitsIn)).toEqual([])
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
