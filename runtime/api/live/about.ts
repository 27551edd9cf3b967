/** The subject of a reader of live events. Pure. @module */
import type { Changes } from '../../queue/changes.ts'
import { objectIdOf } from '../../queue/keys.ts'

export type About =
  | { readonly kind: 'all' | 'streams' }
  | { readonly kind: 'function' | 'run' | 'stream' | 'job'; readonly name: string }
  | { readonly kind: 'object'; readonly objectId: string }

const NAMED = /^(function|run|stream|job):([\w.-]{1,128})$/
const OBJECT = /^object:([^/]+)\/(.+)$/su

/** `all`, `function:chunk`, `run:<id>`, `object:<bucket>/<key>`, `streams`, `stream:cam1`, `job:<id>`; undefined for anything else. */
export function parseAbout(text: string): About | undefined {
  if (text === 'all' || text === 'streams') return { kind: text }
  const [, kind, name = ''] = NAMED.exec(text) ?? []
  if (kind) return { kind: kind as 'function', name }
  const [, bucket, key = ''] = OBJECT.exec(text) ?? []
  return bucket === undefined ? undefined : { kind: 'object', objectId: objectIdOf(bucket, key) }
}

/** Those of the changes that have this subject; undefined without any. */
export function changesAbout(about: About, { runs, others, hasMore }: Changes): Changes | undefined {
  const own = runs.filter((run) => {
    if (about.kind === 'all') return true
    if (about.kind === 'function') return run.functionName === about.name
    if (about.kind === 'run') return run.runId === about.name
    return about.kind === 'object' && run.objectId === about.objectId
  })
  const ownOthers = others.filter(({ kind, name }) => {
    // A stream says something each few seconds, which changes nothing about runs.
    if (about.kind === 'all') return kind !== 'stream'
    if (about.kind === 'streams') return kind === 'stream'
    if (about.kind === 'function') return kind === 'limits' && name === about.name
    return (about.kind === 'stream' || about.kind === 'job') && kind === about.kind && name === about.name
  })
  const isNothing = own.length + ownOthers.length === 0 && !hasMore
  return isNothing ? undefined : { runs: own, others: ownOthers, hasMore }
}

/** Gathers the changes between two looks: of each run its last state. */
export function createGathering() {
  let runs = new Map<string, Changes['runs'][number]>()
  let others = new Map<string, Changes['others'][number]>()
  let hasMore = false
  return {
    add(changes: Changes): void {
      for (const run of changes.runs) runs.set(run.runId, run)
      for (const other of changes.others) others.set(`${other.kind} ${other.name}`, other)
      hasMore ||= changes.hasMore
    },
    take(): Changes {
      const taken = { runs: [...runs.values()], others: [...others.values()], hasMore }
      runs = new Map()
      others = new Map()
      hasMore = false
      return taken
    },
  }
}
