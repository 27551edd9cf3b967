/**
 * Decides which functions an object version is for, and why not the others. Pure; used for events, requests and sweeps alike.
 * @module
 */
import type { FunctionDefinition } from './definition.ts'
import { hasReservedSegment } from '../output/layout.ts'
import type { CreatedEvent, ObjectVersion } from '../storage/object-version.ts'
import { METADATA_BUCKET, TEMPORARY_BUCKET } from '../storage/names.ts'
import { compileGlobs } from './glob/glob.ts'

/** The reasons why a function does not run for an object. */
export const MISMATCHES = [
  'bucket',
  'event-name',
  'folder-marker',
  'reserved',
  'pattern',
  'ignored',
  'too-small',
  'too-large',
  'not-asked',
] as const
export type Mismatch = (typeof MISMATCHES)[number]

export interface Route {
  readonly definition: FunctionDefinition
  readonly mismatch?: Mismatch
}

/** The object to route. A listing has no event name; it then matches any. */
export type Candidate = Pick<ObjectVersion, 'bucket' | 'key' | 'sizeBytes'> &
  Partial<Pick<CreatedEvent, 'eventName'>> & {
    /** The functions that are asked for by name; undefined when that is not known: then none is left out for it. */
    readonly make: readonly string[] | undefined
  }

/** Every function with its answer, in the order of the list. */
export type Router = (object: Candidate) => readonly Route[]

export function createRouter(functions: readonly FunctionDefinition[]): Router {
  // In buckets the runtime writes to, a `~` segment is its own: such a key matches nothing. In other buckets it is a user's
  // mistake, which must not go unnoticed: it matches, and the attempt refuses it with a verdict.
  const written = new Set([
    METADATA_BUCKET,
    TEMPORARY_BUCKET,
    ...functions.map((definition) => definition.outputBucket),
  ])
  const matchers = functions.map((definition) => ({
    definition,
    isWanted: definition.match.length === 0 ? () => true : compileGlobs(definition.match),
    isAskedOn: definition.askedOn.length === 0 ? () => false : compileGlobs(definition.askedOn),
    isIgnored: definition.ignore.length === 0 ? () => false : compileGlobs(definition.ignore),
  }))
  return (object) =>
    matchers.map(({ definition, isWanted, isIgnored, isAskedOn }) => {
      const mismatch = mismatchOf(object, definition, {
        isWanted,
        isIgnored,
        isAskedOn,
        isWritten: written.has(object.bucket),
      })
      return mismatch === undefined ? { definition } : { definition, mismatch }
    })
}

interface Tests {
  readonly isWanted: (key: string) => boolean
  readonly isIgnored: (key: string) => boolean
  readonly isAskedOn: (key: string) => boolean
  readonly isWritten: boolean
}

function mismatchOf(object: Candidate, definition: FunctionDefinition, tests: Tests): Mismatch | undefined {
  const { bucket, key, sizeBytes, eventName, make } = object
  if (bucket !== definition.bucket) return 'bucket'
  if (eventName !== undefined && !definition.events.includes(eventName)) return 'event-name'
  if (key.endsWith('/') && sizeBytes === 0) return 'folder-marker'
  if (tests.isWritten && hasReservedSegment(key)) return 'reserved'
  if (!tests.isWanted(key)) return 'pattern'
  if (tests.isIgnored(key)) return 'ignored'
  if (sizeBytes < definition.minBytes) return 'too-small'
  if (sizeBytes > definition.maxBytes) return 'too-large'
  // The last rule, so that an object never gets the advice to ask where asking changes nothing.
  const isUnasked = definition.trigger === 'asked' && make !== undefined && !make.includes(definition.name)
  if (isUnasked && !tests.isAskedOn(key)) return 'not-asked'
  return undefined
}
