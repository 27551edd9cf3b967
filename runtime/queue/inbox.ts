/** The list that MinIO pushes to: reading its head, and turning the texts into runs. Each command may be sent twice. @module */
import type { Redis } from './redis.ts'
import type { Keys, Lane } from './keys.ts'
import { encodePayload } from './run-record.ts'
import type { RunPayload, Trigger } from './run.ts'
import type { RunScript, ScriptArgument } from './scripts.ts'

/** Measured: batches of 64 admit 47,000 a second; larger ones block Redis for longer and gain nothing. */
const BATCH_TEXTS = 64
const BATCH_BYTES = 1024 * 1024
/** MinIO's notifications have a few KiB, those of other stores at most 256. Redis does not send longer ones. */
export const TEXT_MAX_BYTES = 1024 * 1024
/** A single death may be bad luck, such as a machine that stops. */
const DEATHS_MAX = 3

/** Longer texts are not from MinIO. */
const SHOWN_BYTES = 16 * 1024

/** The reader of the inbox. An intake keeps its name when its process restarts, so that a text that kills processes is found. */
export interface Reader {
  readonly intake: string
  readonly process: string
}

export interface InboxHead {
  /** They stay in the list. */
  readonly texts: readonly Buffer[]
  /** The reasons why texts before them were moved to `bad` unread. */
  readonly setAside: readonly string[]
}

/** The fields from which a run is made. */
export interface NewRun {
  readonly runId: string
  readonly functionName: string
  readonly objectId: string
  readonly eventId: string
  readonly lane: Lane
  readonly trigger: Trigger
  readonly payload: RunPayload
}

/** Marks waiting runs of other generations of an object: they are probably superseded. */
export interface Mark {
  readonly objectId: string
  /** The generation that stays; empty when the object was removed. */
  readonly generation: string
  /** Set when only one generation was removed: that one. */
  readonly only?: string
  readonly hint: 'superseded' | 'source-gone'
}

export interface Admission {
  /** The head of the inbox as it was read, byte for byte; empty for runs without a notification. */
  readonly raws: readonly Buffer[]
  /** The intake that read them. */
  readonly intake?: string
  readonly runs: readonly NewRun[]
  readonly marks: readonly Mark[]
  readonly bad: readonly { readonly raw: Buffer; readonly reason: string }[]
  /** Debts of deletions (debts.ts). */
  readonly debts: readonly string[]
  /** Announcements of objects, each as JSON, kept for `recordTtlMs` after the newest one. */
  readonly announced: readonly { readonly objectId: string; readonly text: string }[]
  readonly recordTtlMs: number
  /** How many targets announce each event: a second announcement is then expected, a third is a duplicate. */
  readonly paths: 1 | 2
  /** The pass of the sweep that admits: new runs count as healed by it. */
  readonly pass?: string | undefined
}

/** `unplaced`: new, and waiting because the key of its function's stream has another type. */
export type AdmitOutcome = 'new' | 'unplaced' | 'copy' | 'duplicate' | 'lifted'

/** The reply of the script. */
type AdmitRow = readonly [done: number, outcomes?: AdmitOutcome[], areNew?: number[], left?: number]

export function createInboxCommands(redis: Redis, keys: Keys, script: RunScript) {
  async function send(admission: Admission): Promise<AdmitRow> {
    const { raws, runs, marks, bad, debts, announced } = admission
    const args: ScriptArgument[] = [admission.paths, admission.pass ?? '', admission.intake ?? '']
    const add = <T>(items: readonly T[], argumentsOf: (item: T) => readonly ScriptArgument[]) => {
      args.push(items.length)
      for (const item of items) args.push(...argumentsOf(item))
    }
    add(raws, (raw) => [raw])
    add(runs, (run) => {
      const { runId, functionName, objectId, eventId, lane, trigger, payload } = run
      const text = encodePayload(payload)
      return [runId, functionName, objectId, payload.generation, eventId, lane, trigger, text]
    })
    add(marks, (mark) => [mark.objectId, mark.generation, mark.only ?? '', mark.hint])
    add(bad, ({ raw, reason }) => [raw, reason])
    add(debts, (debt) => [debt])
    args.push(admission.recordTtlMs)
    add(announced, ({ objectId, text }) => [objectId, text])
    return (await script('admit', args)) as AdmitRow
  }

  return {
    async readInbox({ intake, process }: Reader): Promise<InboxHead> {
      const args = [intake, process, BATCH_TEXTS, BATCH_BYTES, TEXT_MAX_BYTES, DEATHS_MAX]
      const [setAside, texts] = (await script('read_inbox', args, 'bytes')) as [Buffer[], Buffer[]]
      return { texts, setAside: setAside.map(String) }
    },

    /** For inspection: a fingerprint that changes with the head, and the newest texts of a usual length. */
    async lookIntoInbox(
      newest: number,
    ): Promise<{ readonly headPrint: string; readonly newest: readonly string[] }> {
      const reply = await script('look_inbox', [newest, SHOWN_BYTES])
      const [headPrint, texts] = reply as [string, string[]]
      return { headPrint, newest: texts }
    },

    /** Tells that an intake ends in good order: the texts it has read did not kill it. */
    async leaveInbox(intake: string): Promise<void> {
      await redis.hdel(keys.reading, intake)
    },

    /** The outcome of each run, or undefined when another process was faster: read the head again. */
    async admit(admission: Admission): Promise<readonly AdmitOutcome[] | undefined> {
      const [done, outcomes] = await send(admission)
      return done === 1 ? outcomes : undefined
    },

    /** The same, and whether it has taken the last notification from the list. */
    async admitHead(
      admission: Admission,
    ): Promise<{ readonly outcomes: readonly AdmitOutcome[]; readonly isEmptied: boolean } | undefined> {
      const [done, outcomes = [], , left] = await send(admission)
      return done === 1 ? { outcomes, isEmptied: left === 0 } : undefined
    },

    /** The same without a notification; returns for each debt whether it is new. */
    async admitDebts(admission: Admission & { readonly raws: readonly [] }): Promise<readonly boolean[]> {
      const [, , areNew = []] = await send(admission)
      return areNew.map((isNew) => isNew === 1)
    },
  }
}
