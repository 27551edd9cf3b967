/** The reason a function does not run for an object, in words. Pure. @module */
import type { FunctionDefinition } from '../../function/definition.ts'
import type { Mismatch } from '../../function/routing.ts'
import { STREAM_PIECES } from '../../storage/names.ts'
import { formatBytes } from '../../amounts.ts'
import { reprocess, type Told } from './next.ts'

type Sized = { readonly key: string; readonly sizeBytes: number } | undefined

/** @param object - absent when it is not there */
export function mismatchInWords(mismatch: Mismatch, definition: FunctionDefinition, object: Sized): Told {
  return { told: toldOf(mismatch, definition, object), next: nextOf(mismatch, definition, object) }
}

function nextOf(
  mismatch: Mismatch,
  { name, bucket, ignore }: FunctionDefinition,
  object: Sized,
): Told['next'] {
  if (mismatch === 'pattern') return [{ text: 'List its patterns', command: `sluice functions ${name}` }]
  if (mismatch === 'ignored' && ignore.join() === STREAM_PIECES)
    return [{ text: `Set SLUICE_STREAMS_FUNCTIONS=${name} to run it on pieces of streams` }]
  if (mismatch !== 'not-asked') return []
  const ask = { text: `Upload it with --attr make=${name}` }
  return object ? [reprocess('Run it', { bucket, key: object.key, functionName: name }), ask] : [ask]
}

function toldOf(mismatch: Mismatch, definition: FunctionDefinition, object: Sized): string {
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
      return 'it runs only when asked'
    case 'too-large':
      return `${size} is more than its maximum of ${formatBytes(definition.maxBytes)}`
  }
}

/** Where pieces of streams are all that a function leaves out, the key is one of them. */
function aboutPieces({ ignore }: FunctionDefinition): string {
  if (ignore.join() !== STREAM_PIECES) return ''
  return '; a run on each piece of a stream costs far more than its reception'
}

/** Media functions match some thirty kinds of files: too many to list in an explanation. */
function noneOf({ match }: FunctionDefinition): string {
  const text = match.join(', ')
  return text.length <= 60 ? `none of ${text}` : 'none of its patterns'
}
