/** The few names that the model's operations choose from: few, so that they meet often. @module */
import type { NewRun } from '../../../runtime/queue/queue.ts'

export const FUNCTIONS = ['cut', 'probe'] as const
export const OBJECTS = ['o1', 'o2'] as const
export const GENERATIONS = ['v1', 'v2'] as const
export const CONSUMERS = ['w1', 'w2', 'w3'] as const
/** The others have lost their connection, or are gone. */
export const LISTENING: readonly string[] = ['w1', 'w2']
/** A worker may have two turns under way. */
export const TURN_SLOTS = CONSUMERS.flatMap((consumer) => [`${consumer}:0`, `${consumer}:1`])
export const JOBS = ['j1', 'j2'] as const

export const RUNS: readonly string[] = FUNCTIONS.flatMap((fn) =>
  OBJECTS.flatMap((object) => GENERATIONS.map((generation) => runOf(fn, object, generation))),
)

export function runOf(fn: string, object: string, generation: string): string {
  return `${fn}-${object}-${generation}`
}

/** A run as somebody asks for it. */
export function newRunOf(run: string, rest: Pick<NewRun, 'eventId' | 'lane' | 'trigger'>): NewRun {
  const [functionName = '', objectId = '', generation = ''] = run.split('-')
  const payload = {
    bucket: 'incoming',
    key: objectId,
    generation,
    etag: 'e',
    sizeBytes: 1,
    lastModifiedMs: 1,
    eventTimeMs: 1,
  }
  return { runId: run, functionName, objectId, payload, ...rest }
}
