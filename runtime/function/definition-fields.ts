/** The fields of a definition, to find misspelt ones. @module */

const FIELDS = {
  '': [
    'name',
    'version',
    'on',
    'output',
    'options',
    'alternatives',
    'trigger',
    'presets',
    'onDelete',
    'afterSuccess',
    'retry',
    'timeout',
    'stallTimeout',
    'concurrency',
  ],
  'on.': ['bucket', 'match', 'ignore', 'events', 'size'],
  'on.size.': ['min', 'max'],
  'output.': ['bucket'],
  'retry.': ['attempts', 'first', 'max'],
} as const

/** In plain JavaScript, or without `tsc`, a misspelt `match` must not silently mean every key. */
export function unknownFields(
  functionName: string,
  given: Readonly<Record<keyof typeof FIELDS, object | undefined>>,
): readonly string[] {
  return Object.entries(FIELDS).flatMap(([part, names]) => {
    const fields = Object.keys(given[part as keyof typeof FIELDS] ?? {})
    return fields
      .filter((field) => !names.some((name) => name === field))
      .map((field) => `function "${functionName}": ${part}${field}: unknown; known are ${names.join(', ')}`)
  })
}
