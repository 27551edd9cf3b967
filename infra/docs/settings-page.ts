/** `npm run settings`: writes docs/settings.md from the schema of the settings. A test compares it with the file. @module */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { z } from 'zod'
import { FILE_SETTINGS } from '../../runtime/settings/files.ts'
import { LOCAL_SETTINGS, SETTING_GROUPS } from '../../runtime/settings/schema.ts'

export const SETTINGS_PAGE = join(import.meta.dirname, '..', '..', 'docs', 'settings.md')

const INTRODUCTION = `# Settings

<!-- npm run settings writes this page from runtime/settings/schema.ts -->

Settings are environment variables. Invalid and unknown ones are listed together before anything is connected, with exit code 2.
A duration is a number followed by \`ms\`, \`s\`, \`m\`, \`h\` or \`d\`, such as \`90s\`. An empty variable counts as one that is not set.`

/** The media functions read these, as does the search for their tools. */
const FFMPEG = {
  FFMPEG_PATH: 'the FFmpeg to use',
  FFPROBE_PATH: 'the ffprobe to use',
} as const
const FFMPEG_DEFAULT = 'from PATH if both are 4.4 or later, otherwise the embedded one'

export async function settingsPage(): Promise<string> {
  const groups = Object.entries(SETTING_GROUPS).map(([title, shape]) =>
    section(title, rowsOf(z.object(shape))),
  )
  const text = [
    INTRODUCTION,
    ...groups,
    section(
      'FFmpeg',
      Object.entries(FFMPEG).map(([name, description]) => [name, FFMPEG_DEFAULT, '', description]),
    ),
    section(
      'The local stack',
      Object.entries(LOCAL_SETTINGS).map(([name, { fallback, description }]) => [
        name,
        code(fallback),
        name.endsWith('_PORT') ? '1 to 65535' : '',
        description,
      ]),
    ),
    `## Secrets in files\n\nEach of these names a file that contains the setting: ${FILE_SETTINGS.map(code).join(', ')}.`,
  ].join('\n\n')
  return format(text, { ...(await resolveConfig(SETTINGS_PAGE)), parser: 'markdown' })
}

type Row = readonly [name: string, fallback: string, range: string, meaning: string]

/** JSON Schema has every default, and what `described` has added. */
function rowsOf(schema: z.ZodObject): readonly Row[] {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return Object.entries(properties).map(([name, property]) => {
    const {
      default: fallback,
      byDefault,
      range,
      enum: values,
      minLength,
      description,
    } = Object(property) as Facts
    return [
      name,
      byDefault ?? (fallback === undefined || fallback === '' ? '–' : code(String(fallback))),
      range ??
        values?.map(code).join(', ') ??
        (minLength && minLength > 1 ? `at least ${minLength} characters` : ''),
      description,
    ]
  })
}

interface Facts {
  readonly default?: string | number
  readonly byDefault?: string
  readonly range?: string
  readonly enum?: readonly string[]
  readonly minLength?: number
  readonly description: string
}

function section(title: string, rows: readonly Row[]): string {
  const lines = rows.map(([name, ...cells]) => `| ${code(name)} | ${cells.join(' | ')} |`)
  return [
    `## ${title}`,
    '',
    '| name | default | values | meaning |',
    '| --- | --- | --- | --- |',
    ...lines,
  ].join('\n')
}

function code(text: string): string {
  return `\`${text}\``
}

if (process.argv[1] === import.meta.filename) writeFileSync(SETTINGS_PAGE, await settingsPage())
