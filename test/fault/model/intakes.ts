/** Admission, as intakes do it: what small texts in the inbox ask for. @module */
import { NOTHING } from '../../helpers/queue.ts'
import type { Admission, NewRun, Mark } from '../../../runtime/queue/queue.ts'
import { admit, stray as strayInModel } from './admission.ts'
import type { Bench, Call } from './call.ts'
import { FUNCTIONS, newRunOf, runOf } from './universe.ts'

/** Of texts such as `created o1 v2 e1 #7`, `removed o1 v2 #7`, `removed o1  #7` and `broken #7`. */
export function admissionOf(raws: readonly Buffer[]): Admission {
  const runs: NewRun[] = []
  const marks: Mark[] = []
  const bad: { raw: Buffer; reason: string }[] = []
  const debts: string[] = []
  const announced: { objectId: string; text: string }[] = []
  for (const raw of raws) {
    const text = raw.toString()
    const [kind, objectId = '', generation = '', eventId = ''] = text.split(' ')
    if (kind === 'broken') {
      bad.push({ raw, reason: 'no notification' })
      continue
    }
    announced.push({ objectId, text })
    if (kind === 'removed') {
      debts.push(`results ${objectId}`)
      marks.push({ objectId, generation: '', ...(generation && { only: generation }), hint: 'source-gone' })
      continue
    }
    marks.push({ objectId, generation, hint: 'superseded' })
    for (const fn of FUNCTIONS)
      runs.push(newRunOf(runOf(fn, objectId, generation), { eventId, lane: 'live', trigger: 'upload' }))
  }
  return { ...NOTHING, raws, runs, marks, bad, debts, announced }
}

export function admitCall(admission: Admission): Call {
  return {
    what: `admission of ${JSON.stringify(admission.raws.map(String))}`,
    send: (queue) => queue.admit(admission),
    apply: (model, now) => admit(model, now, admission),
  }
}

/** As the sweep admits what no notification told of. */
export function unaskedCall(run: string): Call {
  const admission = { ...NOTHING, runs: [newRunOf(run, { eventId: '', lane: 'low', trigger: 'sweep' })] }
  return {
    what: `admission of ${run} without a notification`,
    send: (queue) => queue.admit(admission),
    apply: (model, now) => admit(model, now, admission),
    // It counts as a duplicate, which changes nothing else.
    isRepeatable: false,
  }
}

/** An error between the two writes that put a run into its stream leaves an entry that no run knows. */
export async function stray({ redis, keys, model }: Bench, run: string): Promise<void> {
  const fn = run.slice(0, run.indexOf('-'))
  const [seconds, micros] = (await redis.time()).map(Number) as [number, number]
  const ms = seconds * 1_000 + Math.floor(micros / 1_000)
  // Ids are unique in a stream only: within one millisecond the run's own entry, in another stream, could have the same.
  await redis.xadd(keys.stream(fn, 'live'), `${ms}-${1_000 + model.entries}`, 'r', run)
  strayInModel(model, run, fn)
}
