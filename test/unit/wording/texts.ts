/** Everything that people read: strings, comments, help, pages and titles of tests, each with its place. @module */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Text {
  readonly text: string
  /** Where it begins in the file. */
  readonly offset: number
  /** A help text, a description or a comment: its first word is the subject. */
  readonly isHelp: boolean
}

export interface CodeText extends Text {
  readonly kind: 'string' | 'title' | 'comment'
}

export interface TextFile {
  readonly path: string
  readonly source: string
  readonly texts: readonly Text[]
}

const ROOT = join(import.meta.dirname, '..', '..', '..')
/** The newest decision from before this rule: history stays as it was written. */
const OLD_DECISIONS = '**A copy of a chained Ogg is one run of FFmpeg for each link**'

const KINDS: readonly (readonly [path: RegExp, textsOf: (source: string) => readonly Text[]])[] = [
  [/^(?:runtime|functions|infra)\/.*\.(?:ts|mjs)$/, textsOfCode],
  [/^test\/.*\.ts$/, (source) => textsOfCode(source).filter(({ kind }) => kind === 'title')],
  [/^docs\/decisions\.md$/, (source) => wholeOf(source.slice(0, source.indexOf(OLD_DECISIONS)))],
  [/^(?:README\.md|docs\/[^/]+\.md|docker-compose\.yml|Dockerfile)$/, wholeOf],
  [/^runtime\/.*\.lua$/, wholeOf],
  [/^infra\/(?!grafana\/dashboards\/)[^.]*(?:\.(?:ya?ml|conf|acl|sh|Dockerfile))?$/, wholeOf],
  [/^docs\/(?:openapi|manifest\.schema)\.json$/, describedIn],
]

export function textFiles(): readonly TextFile[] {
  return [
    'README.md',
    'docker-compose.yml',
    'Dockerfile',
    ...['runtime', 'functions', 'infra', 'docs', 'test'].flatMap(filesBelow),
  ]
    .toSorted()
    .flatMap((path) => {
      const textsOf = KINDS.find(([pattern]) => pattern.test(path))?.[1]
      if (!textsOf) return []
      const source = readFileSync(join(ROOT, path), 'utf8')
      return [{ path, source, texts: textsOf(source) }]
    })
}

function filesBelow(folder: string): readonly string[] {
  return (
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
      // Lists of functions that a test beside this one writes and removes.
      .filter((path) => !path.includes('/lists-'))
  )
}

function wholeOf(source: string): readonly Text[] {
  return [
    {
      text: source.replaceAll(/(?<=\n)[ \t]*(?:#|--|\/\/)/g, (mark) => ' '.repeat(mark.length)),
      offset: 0,
      isHelp: false,
    },
  ]
}

function describedIn(source: string): readonly Text[] {
  return Array.from(source.matchAll(/"(?:description|summary|title)": ("(?:[^"\\]|\\.)*")/g), (found) => ({
    text: JSON.parse(found[1] as string) as string,
    offset: found.index,
    isHelp: true,
  }))
}

const HELP =
  /(?:\.(?:description|option|argument|describe|summary)\(\s*(?:'[^']*',\s*)?|\b(?:help|description|summary): *\s*)$/
const TITLE = /(?:\b(?:it|test|describe)(?:\.\w+(?:\([^()]*\))?)*\(|\]\)\(|`\)\()\s*$/
/** After these a slash begins a regular expression. */
const BEFORE_REGEXP = /(?:[(,=:[!&|?{};+>]|\breturn|^)\s*$/
const PIECE =
  /\/\*[\s\S]*?\*\/|(?:[ \t]*\/\/.*(?:\n|$))+|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`|\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*|[{}]/g

/** Strings, templates and comments of TypeScript; what a template inserts is `…`, the marks of a comment are blanks. */
export function textsOfCode(source: string): readonly CodeText[] {
  const found: CodeText[] = []
  const piece = new RegExp(PIECE)
  /** Where the templates began in which this place is an insertion, and the braces that are open in it. */
  const open: { depth: number; parts: string[]; offset: number }[] = []
  const add = (kind: CodeText['kind'], text: string, offset: number) => {
    const before = source.slice(Math.max(0, offset - 120), offset)
    const isTitle = kind === 'string' && TITLE.test(before)
    found.push({
      kind: isTitle ? 'title' : kind,
      text: text.replaceAll(/\\[nt]/g, '  '),
      offset,
      isHelp: kind === 'comment' || HELP.test(before),
    })
  }
  /** Reads a template up to its next insertion or its end. */
  const readTemplate = (from: number) => {
    const end = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y
    end.lastIndex = from
    const text = end.exec(source)?.[0] ?? ''
    const template = open.at(-1) as (typeof open)[number]
    piece.lastIndex = from + text.length
    template.parts.push(text.replace(/`$|\$\{$/, ''))
    if (text.endsWith('{')) template.depth = 0
    else add('string', (open.pop() as typeof template).parts.join('…'), template.offset)
  }
  for (let match = piece.exec(source); match; match = piece.exec(source)) {
    const { 0: text, index } = match
    const template = open.at(-1)
    if (text === '`') {
      open.push({ depth: 0, parts: [], offset: index })
      readTemplate(index + 1)
    } else if (text === '{') {
      if (template) template.depth++
    } else if (text === '}') {
      if (template && template.depth-- === 0) readTemplate(index + 1)
    } else if (/^\s*\/[/*]/.test(text)) {
      add(
        'comment',
        text.replaceAll(/^[ \t]*(?:\/\/|\/?\*+\/?)|\*\/$/gm, (mark) => ' '.repeat(mark.length)),
        index,
      )
    } else if (text.startsWith('/')) {
      if (!BEFORE_REGEXP.test(source.slice(Math.max(0, index - 40), index))) piece.lastIndex = index + 1
    } else add('string', text.slice(1, -1), index)
  }
  return found
}
