/** The reason a function does not run for an object, in words. Pure. @module */
import type { FunctionDefinition } from '../../function/definition.ts'
import type { Mismatch } from '../../function/routing.ts'
import { STREAM_PIECES } from '../../storage/names.ts'
import { formatBytes } from '../../amounts.ts'
import { shellWord } from '../../telemetry/safe-text.ts'

/** @param object - absent when it is not there */
export function mismatchInWords(
  mismatch: Mismatch,
  definition: FunctionDefinition,
  object: { readonly key: string; readonly sizeBytes: number } | undefined,
): string {
  const size = object ? formatBytes(object.sizeBytes) : 'its size'
  switch (mismatch) {
    case 'bucket':
      return `it reads the bucket "${definition.bucket}"`
    case 'event-name':
      return `it runs for ${definition.events.join(', ')} only, and the object was created in another way`
    case 'folder-marker':
      return 'the key ends with a slash and the object is empty: a folder marker, not a file'
    case 'reserved':
      return 'a part of the key starts with "~": the runtime wrote it for itself'
    case 'pattern':
      return `the key matches ${noneOf(definition)}`
    case 'ignored':
      return `the key matches its ignore patterns: ${definition.ignore.join(', ')}${aboutPieces(definition)}`
    case 'too-small':
      return `${size} is less than its minimum of ${formatBytes(definition.minBytes)}`
    case 'not-asked':
      return `it runs only when asked: upload with --attr make=${definition.name}${object ? `, or sluice reprocess ${shellWord(`${definition.bucket}/${object.key}`)} --function ${definition.name}` : ''}`
    case 'too-large':
      return `${size} is more than its maximum of ${formatBytes(definition.maxBytes)}`
  }
}

/** Where pieces of streams are all that a function leaves out, the key is one of them. */
function aboutPieces({ name, ignore }: FunctionDefinition): string {
  if (ignore.join() !== STREAM_PIECES) return ''
  return `; a run on each piece of a stream costs far more than its reception: SLUICE_STREAMS_FUNCTIONS=${name} asks for that`
}

/** Media functions match some thirty kinds of files: too many to list in an explanation. */
function noneOf({ name, match }: FunctionDefinition): string {
  const text = match.join(', ')
  return text.length <= 60 ? `none of ${text}` : `none of its patterns (sluice functions ${name} lists them)`
}
