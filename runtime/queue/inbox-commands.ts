/** The list that MinIO pushes to: reading its head, and turning what was read into runs. Each command may be sent twice. @module */
import type { Redis } from './redis.ts'
import type { Keys, Lane } from './keys.ts'
import type { RunPayload, Trigger } from './run.ts'
import type { RunScript, ScriptArgument } from './scripts.ts'

/** Measured: 64 admits 47,000 a second; larger ones hold Redis up for longer and gain nothing. */
const BATCH_TEXTS = 64
const BATCH_BYTES = 1024 * 1024
/** MinIO's notifications have a few KiB, those of other stores at most 256. What is longer is none, and is never sent to us. */
export const TEXT_MAX_BYTES = 1024 * 1024
/** One may be bad luck, such as a machine that stops. */
const DEATHS_MAX = 3

/** Longer ones are not MinIO's. */
const SHOWN_BYTES = 16 * 1024

/** Who reads: an intake keeps its name when its process is started again, so that a text which ends processes is found. */
export interface Reader {
  readonly intake: string
  readonly process: string
}

export interface InboxHead {
  /** Still in the list. */
  readonly texts: readonly Buffer[]
  /** Why texts that were before them are in `bad` now, unread. */
  readonly setAside: readonly string[]
}

/** A run to be. */
export interface NewRun {
  readonly runId: string
  readonly functionName: string
  readonly objectId: string
  readonly eventId: string
  readonly lane: Lane
  readonly trigger: Trigger
  readonly payload: RunPayload
}

/** Says to the runs that still wait for another generation of an object that they are probably out of date. */
export interface Mark {
  readonly objectId: string
  /** The generation that stays; empty when the object was removed. */
  readonly generation: string
  /** When just one generation went: that one. */
  readonly only?: string
  readonly hint: 'superseded' | 'source-gone'
}

export interface Admission {
  /** The head of the inbox as it was read, byte for byte; empty for runs that no notification asked for. */
  readonly raws: readonly Buffer[]
  /** Which intake read them. */
  readonly intake?: string
  readonly runs: readonly NewRun[]
  readonly marks: readonly Mark[]
  readonly bad: readonly { readonly raw: Buffer; readonly reason: string }[]
  /** What deletions ask to be cleaned away (debts.ts). */
  readonly debts: readonly string[]
  /** What is to be remembered of objects: a JSON text each, kept for `recordTtlMs` after the newest one. */
  readonly announced: readonly { readonly objectId: string; readonly text: string }[]
  readonly recordTtlMs: number
  /** How many targets announce each event: a second announcement is then expected, a third is a duplicate. */
  readonly paths: 1 | 2
  /** Of the sweep, when it is this which heals: what is new counts for it. */
  readonly pass?: string | undefined
}

/** `unplaced`: new, and it waits since the key of its function's stream is of another type. */
export type AdmitOutcome = 'new' | 'unplaced' | 'copy' | 'duplicate' | 'lifted'

export function createInboxCommands(redis: Redis, keys: Keys, script: RunScript) {
  async function send(admission: Admission): Promise<readonly [number, AdmitOutcome[]?, number[]?]> {
    const { raws, runs, marks, bad, debts, announced } = admission
    const args: ScriptArgument[] = [admission.paths, admission.pass ?? '', admission.intake ?? '']
    const add = <T>(items: readonly T[], argumentsOf: (item: T) => readonly ScriptArgument[]) => {
      args.push(items.length)
      for (const item of items) args.push(...argumentsOf(item))
    }
    add(raws, (raw) => [raw])
    add(runs, (run) => {
      const { runId, functionName, objectId, eventId, lane, trigger, payload } = run
      const text = JSON.stringify(payload)
      return [runId, functionName, objectId, payload.generation, eventId, lane, trigger, text]
    })
    add(marks, (mark) => [mark.objectId, mark.generation, mark.only ?? '', mark.hint])
    add(bad, ({ raw, reason }) => [raw, reason])
    add(debts, (debt) => [debt])
    args.push(admission.recordTtlMs)
    add(announced, ({ objectId, text }) => [objectId, text])
    return (await script('admit', args)) as [number, AdmitOutcome[]?, number[]?]
  }

  return {
    async readInbox({ intake, process }: Reader): Promise<InboxHead> {
      const args = [intake, process, BATCH_TEXTS, BATCH_BYTES, TEXT_MAX_BYTES, DEATHS_MAX]
      const [setAside, texts] = (await script('read_inbox', args, 'bytes')) as [Buffer[], Buffer[]]
      return { texts, setAside: setAside.map(String) }
    },

    /** For those who only look: whether the head is another one than before, and the newest texts that are of a usual length. */
    async lookIntoInbox(
      newest: number,
    ): Promise<{ readonly headPrint: string; readonly newest: readonly string[] }> {
      const reply = await script('look_inbox', [newest, SHOWN_BYTES])
      const [headPrint, texts] = reply as [string, string[]]
      return { headPrint, newest: texts }
    },

    /** An intake that ends leaves what it has read to others, and did not die of it. */
    async leaveInbox(intake: string): Promise<void> {
      await redis.hdel(keys.reading, intake)
    },

    /** What became of each job, or undefined when another process was faster: read the head again. */
    async admit(admission: Admission): Promise<readonly AdmitOutcome[] | undefined> {
      const [done, outcomes] = await send(admission)
      return done === 1 ? outcomes : undefined
    },

    /** Likewise without a notification: whether each debt is new; the others were owed already. */
    async admitDebts(admission: Admission & { readonly raws: readonly [] }): Promise<readonly boolean[]> {
      const [, , areNew = []] = await send(admission)
      return areNew.map((isNew) => isNew === 1)
    },
  }
}
