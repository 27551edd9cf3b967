/** Why a function does not run for an object, in words. Pure. @module */
import type { FunctionDefinition } from '../../function/definition.ts'
import type { Mismatch } from '../../function/routing.ts'
import { formatBytes } from '../../amounts.ts'

/** @param object - absent when it is not there */
export function mismatchInWords(
  mismatch: Mismatch,
  definition: FunctionDefinition,
  object: { readonly sizeBytes: number } | undefined,
): string {
  const size = object ? formatBytes(object.sizeBytes) : 'its size'
  switch (mismatch) {
    case 'bucket':
      return `it reads the bucket "${definition.bucket}"`
    case 'event-name':
      return `it runs for ${definition.events.join(', ')} only, and the object came to be in another way`
    case 'folder-marker':
      return 'the key ends with a slash and there are no bytes: a folder marker, no file'
    case 'reserved':
      return 'a part of the key begins with "~": the runtime has written it for itself'
    case 'pattern':
      return `the key matches ${noneOf(definition)}`
    case 'ignored':
      return `the key matches what it ignores: ${definition.ignore.join(', ')}`
    case 'too-small':
      return `${size} is less than the ${formatBytes(definition.minBytes)} that it takes at least`
    case 'too-large':
      return `${size} is more than the ${formatBytes(definition.maxBytes)} that it takes at most`
  }
}

/** Media functions take some thirty kinds of files: who asks why wants no list of them. */
function noneOf({ name, match }: FunctionDefinition): string {
  const text = match.join(', ')
  return text.length <= 60 ? `none of ${text}` : `none of its patterns (sluice functions ${name} has them)`
}
