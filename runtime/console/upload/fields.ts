/** The options of functions as fields of a form, from their schemas. Pure. @module */
import type { FunctionView } from '../../api/functions/model.ts'
import { STREAMS_FOLDER } from '../../setup/minio/policies.ts'
import { type OptionSchema, schemaInWords } from '../../function/valid-options.ts'

export interface OptionField {
  /** `chunk.seconds`: for this function alone. */
  readonly name: string
  readonly label: string
  /** Values to choose from; undefined for free text. */
  readonly choices?: readonly string[] | undefined
  /** The value without one, such as `6`. */
  readonly byDefault?: string | undefined
  /** Such as `number from 0.5 to 600`. */
  readonly hint: string
  readonly isNumber: boolean
}

export interface FunctionFields {
  readonly name: string
  /** It runs only when it is chosen. */
  readonly isAsked: boolean
  readonly fields: readonly OptionField[]
}

/** Of the functions that read the bucket. */
export function fieldsOf(functions: readonly FunctionView[], bucket: string): readonly FunctionFields[] {
  return functions
    .filter(({ on }) => on.bucket === bucket && !isOfStreams(on))
    .map(({ name, trigger, optionsSchema, presets }) => {
      const { properties = {} } = optionsSchema as { properties?: Record<string, OptionSchema> }
      const preset = Object.keys(presets)
      return {
        name,
        isAsked: trigger === 'asked',
        fields: [
          ...(preset.length > 0
            ? [
                {
                  name: `${name}.preset`,
                  label: 'preset',
                  choices: preset,
                  hint: 'a named set of options',
                  isNumber: false,
                },
              ]
            : []),
          ...Object.entries(properties).map(([option, schema]) => fieldOf(name, option, schema)),
        ],
      }
    })
}

/** Uploads may not go where streams are. */
function isOfStreams({ match }: FunctionView['on']): boolean {
  return match.length > 0 && match.every((glob) => glob.startsWith(STREAMS_FOLDER))
}

/** The buckets that uploads may go to, the one of most functions first. */
export function bucketsOf(functions: readonly FunctionView[]): readonly string[] {
  const outputs = functions.map(({ outputBucket }) => outputBucket)
  const counts = new Map<string, number>()
  for (const { on } of functions)
    if (!outputs.includes(on.bucket)) counts.set(on.bucket, (counts.get(on.bucket) ?? 0) + 1)
  return [...counts].toSorted(([, one], [, other]) => other - one).map(([bucket]) => bucket)
}

function fieldOf(functionName: string, option: string, schema: OptionSchema): OptionField {
  const { default: standard, ...rest } = schema
  const types = [schema.type ?? []].flat()
  return {
    name: `${functionName}.${option}`,
    label: option,
    choices: choicesOf(schema),
    ...(standard !== undefined && { byDefault: textOf(standard) }),
    hint: schemaInWords(rest),
    isNumber: types.length > 0 && types.every((type) => type === 'number' || type === 'integer'),
  }
}

function choicesOf(schema: OptionSchema): readonly string[] | undefined {
  if (schema.enum) return schema.enum.map(textOf)
  if (schema.type === 'boolean') return ['true', 'false']
  return undefined
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
