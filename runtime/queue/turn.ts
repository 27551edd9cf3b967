/** A turn of a worker: `scripts/turn.lua`, its arguments and its reply. @module */
import { messageOf } from '../errors.ts'
import type { Lane } from './keys.ts'
import type { Claim, RunState, Trigger } from './run.ts'
import { decodePayload } from './run-record.ts'
import type { RunScript, ScriptArgument } from './scripts.ts'

/** The end of an attempt, for the state machine. */
export type Settlement = {
  readonly runId: string
  readonly fence: string
  readonly token: string
} &
  /** `owed` are the debts of the success (debts.ts). */
  (
    | {
        readonly kind: 'complete'
        readonly result: string
        readonly owed?: { source?: string; results?: string }
        /** Set when no verdict was looked for, since none was known at the place (verdict-places.ts). */
        readonly unlooked?: string | undefined
      }
    | {
        readonly kind: 'fail'
        readonly error: string
        readonly lines: string
        readonly delayMs: number
        readonly maxAttempts: number
      }
    | { readonly kind: 'bury'; readonly reason: string; readonly error: string; readonly lines: string }
    /** Not counted as an attempt; released, it waits for the delay; isolated, it gets a worker to itself next. */
    | { readonly kind: 'isolate'; readonly reason: string }
    | { readonly kind: 'release'; readonly reason: string; readonly delayMs: number }
    | { readonly kind: 'superseded' | 'source-gone' | 'cancelled'; readonly reason: string }
  )

/** Of a claim whose payload nobody can read: the run is set aside and forgotten, so that the sweep admits its object again. */
interface Unreadable extends Pick<Settlement, 'runId' | 'fence' | 'token'> {
  readonly kind: 'unreadable'
  readonly reason: string
}

export interface TurnRequest {
  readonly consumer: string
  /** Of two turns under way each has its own: its claims are remembered until the slot's next turn. @defaultValue 0 */
  readonly slot?: number
  /** New for each turn, the same when a turn is sent again. */
  readonly token: string
  /**
   * Attempts in progress in this worker, and those that a turn under way may have claimed: with 0 it can take a run that needs a
   * worker to itself.
   */
  readonly inFlight: number
  /** Reads all streams, not only those of functions that are said to have something waiting. @defaultValue true */
  readonly looksAtAll?: boolean
  /** The functions for which this worker was woken since its last turn, one for each word. */
  readonly wokenFor?: readonly string[]
  readonly settlements: readonly Settlement[]
  readonly wants: readonly {
    readonly functionName: string
    readonly free: number
    readonly lowFirst: number
  }[]
}

export interface TurnReply {
  /** In the order of the settlements. */
  readonly settled: readonly (RunState | 'fenced')[]
  readonly claims: readonly Claim[]
  /** Streams that could not be read, such as a key of another type. */
  readonly failures: readonly string[]
  /** Nothing is left that this worker could take: it will be woken. */
  readonly isDrained: boolean
  /** Two servers may have answered it, one after the other: what its settlements asked about verdicts does not count. */
  readonly wasSentAgain?: boolean
}

interface Encoded extends Omit<TurnRequest, 'settlements'> {
  readonly settlements: readonly (Settlement | Unreadable)[]
}

/** The reply of the script. */
type TurnRow = [(RunState | 'fenced')[], ClaimRow[], string[], 0 | 1]
type ClaimRow = [
  runId: string,
  functionName: string,
  fence: string,
  lane: Lane,
  attempts: number,
  epoch: number,
  payload: string,
  trigger: Trigger,
  createdAtMs: number,
  queuedAtMs: number,
  nowMs: number,
  generation: string,
]

export async function takeTurn(script: RunScript, request: TurnRequest): Promise<TurnReply> {
  const row = (await script('turn', encodeTurn(request))) as TurnRow
  const { reply, unreadable } = decodeTurn(row, request.token)
  if (unreadable.length > 0) {
    // Should this be lost, their leases expire and they are claimed again.
    const token = `${request.token} unreadable`
    const rest = { token, settlements: unreadable, wants: [], wokenFor: [] }
    await script('turn', encodeTurn({ ...request, ...rest }))
  }
  return reply
}

function encodeTurn(request: Encoded): ScriptArgument[] {
  const {
    consumer,
    token,
    slot = 0,
    inFlight,
    looksAtAll = true,
    wokenFor = [],
    settlements,
    wants,
  } = request
  // Pushed one after the other: spreading a list for each settlement took 1 µs a run, twenty times as much.
  const args: ScriptArgument[] = [consumer, token, slot, inFlight, looksAtAll ? 1 : 0, settlements.length]
  for (const settlement of settlements) addSettlement(args, settlement)
  args.push(wants.length)
  for (const { functionName, free, lowFirst } of wants) args.push(functionName, free, lowFirst)
  args.push(wokenFor.length, ...wokenFor)
  return args
}

/** Claims whose payload nobody can read are not handed out: they are to be given up at once. */
function decodeTurn(
  [settled, claimed, failures, drained]: TurnRow,
  token: string,
): { readonly reply: TurnReply; readonly unreadable: readonly Unreadable[] } {
  const claims: Claim[] = []
  const unreadable: Unreadable[] = []
  for (const row of claimed) {
    try {
      claims.push(toClaim(row, token))
    } catch (error) {
      const [runId, , fence] = row
      const reason = `its payload in Redis cannot be read: ${messageOf(error)}`
      unreadable.push({ runId, fence, token, kind: 'unreadable', reason })
    }
  }
  return { reply: { settled, claims, failures, isDrained: drained === 1 }, unreadable }
}

function addSettlement(args: ScriptArgument[], settlement: Settlement | Unreadable): void {
  args.push(settlement.runId, settlement.fence, settlement.token, settlement.kind)
  switch (settlement.kind) {
    case 'complete': {
      const { owed, unlooked, result } = settlement
      args.push(owed?.results ?? '', owed?.source ?? '', unlooked ?? '', 0, 0, result)
      return
    }
    case 'fail': {
      const { error, lines, delayMs, maxAttempts } = settlement
      args.push('', error, lines, delayMs, maxAttempts, '')
      return
    }
    case 'bury':
      args.push(settlement.reason, settlement.error, settlement.lines, 0, 0, '')
      return
    case 'release':
      args.push(settlement.reason, '', '', settlement.delayMs, 0, '')
      return
    default:
      args.push(settlement.reason, '', '', 0, 0, '')
  }
}

function toClaim(row: ClaimRow, token: string): Claim {
  const [
    runId,
    functionName,
    fence,
    lane,
    attempts,
    epoch,
    payload,
    trigger,
    createdAtMs,
    queuedAtMs,
    nowMs,
  ] = row
  const generation = row[11]
  return {
    runId,
    functionName,
    fence,
    token,
    lane,
    attempts,
    epoch,
    payload: decodePayload(payload, generation),
    trigger,
    createdAtMs,
    queuedAtMs,
    claimedAtMs: nowMs,
  }
}
