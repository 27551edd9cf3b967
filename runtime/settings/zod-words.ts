/**
 * The messages of zod in the words of this project, for settings, options of functions and requests alike. Importing this
 * file once changes them for every schema of the process.
 * @module
 */
import { z } from 'zod'

/** An issue of a schema, before it has a message. */
type RawIssue = Parameters<NonNullable<ReturnType<typeof z.config>['customError']>>[0]

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'an object',
  record: 'an object',
  date: 'a date',
  null: 'null',
}
const FORMATS: Readonly<Record<string, string>> = {
  url: 'a URL',
  email: 'an e-mail address',
  datetime: 'a time such as 2026-11-30T12:00:00Z',
  date: 'a date such as 2026-11-30',
  json_string: 'JSON',
  uuid: 'a UUID',
}
const UNITS: Readonly<Record<string, string>> = {
  string: 'characters',
  array: 'entries',
  set: 'entries',
  map: 'entries',
}

z.config({ customError: (issue) => zodWords(issue) })

/** The requirement, to follow the name of the value. The value itself is never quoted: it may be a secret. */
function zodWords(issue: RawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'is missing'
      return `must be ${KINDS[issue.expected] ?? `of the kind "${issue.expected}"`}`
    case 'too_small':
      return sized(issue.origin, issue.inclusive ? 'at least' : 'more than', issue.minimum)
    case 'too_big':
      return sized(issue.origin, issue.inclusive ? 'at most' : 'less than', issue.maximum)
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`
    case 'unrecognized_keys':
      return `has the unknown name ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}`
    case 'invalid_format':
      return FORMATS[issue.format] ? `must be ${FORMATS[issue.format]}` : 'does not have the required form'
    case 'invalid_union':
      return 'has none of the allowed forms'
    case 'invalid_key':
    case 'invalid_element':
      return 'has an invalid entry'
    case 'custom':
      return 'is not valid'
  }
}

function sized(origin: string, comparison: string, limit: number | bigint): string {
  const unit = UNITS[origin]
  return unit ? `must have ${comparison} ${limit} ${unit}` : `must be ${comparison} ${limit}`
}
