/**
 * Pays the debts of the outbox (`queue/outbox.ts`), in the order of their due times: one process claims a debt, and pays it, puts
 * it off, longer each time, or sets it aside when it can never be paid. A new kind is one more row in the table of payers.
 * @module
 */
import { messageOf } from '../errors.ts'
import type { Logger } from '../telemetry/logger.ts'
import { parseDebt, type Debt } from '../queue/debts.ts'
import type { ClaimedDebt, DebtSkills } from '../queue/outbox.ts'
import type { Queue } from '../queue/queue.ts'
import { isStorageCode, StorageError } from '../storage/errors.ts'
import { MINUTE_MS, SECOND_MS } from '../time.ts'

const AT_ONCE = 100
/** After which another process pays what one that has died had claimed. */
const CLAIM_MS = 10 * SECOND_MS
/** How long a debt is left to processes that can pay it, before it is put off. */
const LEFT_TO_OTHERS_MS = 10 * SECOND_MS
/** The longest pauses: of a debt that only other processes can pay, while it is fresh; of one that waits for the store; of any. */
const OTHERS_PAUSE_MS = 2 * SECOND_MS
const AWAY_PAUSE_MS = 30 * SECOND_MS
const LONGEST_PAUSE_MS = 5 * MINUTE_MS
const FRESH_MS = 10 * MINUTE_MS
/** After which a debt is tried again that it was too early for: a run of its object is in progress. */
const EARLY_PAUSE_MS = 10 * SECOND_MS
/** The bound: a debt is set aside after so many attempts, when it is also older than runs are kept. */
const LEAST_ATTEMPTS = 20
/** After this many failures of the store in a row that are not about one bucket it counts as away, and the remaining debts wait unchanged. */
const STORE_IS_AWAY = 3

/** `paid`: the debt is removed. `settled`: its payer has removed it, or it is owed again for a later end. */
export type Payment = 'paid' | 'settled' | 'too early'

export interface Payer<D extends Debt> {
  pay(debt: D, claimed: ClaimedDebt): Promise<Payment>
  /** Log messages for a debt that cannot be paid now, and for one that never can. */
  readonly failure: string
  readonly lost: string
}

type Kind = Debt['kind']
export type Payers<K extends Kind = Kind> = { readonly [Each in K]: Payer<Debt & { kind: Each }> }

/** A payer throws it when its debt can never be paid. */
export class UnpayableError extends Error {}

export interface DebtParts {
  readonly queue: Queue
  readonly log: Logger
  /** How long runs are remembered: what could not be paid for as long is set aside. */
  readonly retentionMs: number
  readonly functions: DebtSkills['functions']
  /** Made for each round. */
  readonly payers: () => Payers
}

export interface DebtCollector {
  /** Pays what is due, one round at a time. */
  readonly payDue: () => Promise<void>
  /** Pays these, if they are due. */
  readonly payNow: (debts: readonly string[]) => Promise<void>
  /** Ends the round after the debt in hand. */
  readonly stop: () => void
}

type Outcome = 'done' | 'store away'

const TOO_EARLY = 'a run of its object is in progress'

export function createDebtCollector(parts: DebtParts): DebtCollector {
  const { queue, log, retentionMs, functions } = parts
  let isStopping = false
  let underWay: Promise<void> | undefined

  /** @param only - all that are due when it is undefined */
  async function round(only?: readonly string[]): Promise<void> {
    const payers = parts.payers()
    const kinds = Object.keys(payers) as Kind[]
    const request = { kinds, functions, count: AT_ONCE, forMs: CLAIM_MS, leaveMs: LEFT_TO_OTHERS_MS }
    for (let passed = 0; ;) {
      const claimed = await queue.claimDebts({ ...request, passed, ...(only && { only }) })
      const mayStop = only === undefined
      if (!(await payAll(payers, claimed.debts, mayStop)) || !claimed.isMore) return
      passed = claimed.passed
    }
  }

  /** False when the rest has to wait: the store is away, or this process is stopping. */
  async function payAll(payers: Payers, debts: readonly ClaimedDebt[], mayStop: boolean): Promise<boolean> {
    const beganMs = performance.now()
    let away = 0
    for (const [index, claimed] of debts.entries()) {
      const mustWait = away === STORE_IS_AWAY || (mayStop && isStopping)
      if (mustWait || performance.now() - beganMs > CLAIM_MS / 2) {
        await Promise.all(debts.slice(index).map((each) => queue.putOffDebt(each, 0, false)))
        return !mustWait
      }
      away = (await payOne(payers, claimed)) === 'store away' ? away + 1 : 0
    }
    return away < STORE_IS_AWAY && !(mayStop && isStopping)
  }

  async function payOne(payers: Payers, claimed: ClaimedDebt): Promise<Outcome> {
    const { text, missing } = claimed
    let debt: Debt | undefined
    try {
      debt = parseDebt(text)
    } catch (error) {
      return setAside(claimed, undefined, `it cannot be read: ${messageOf(error)}`)
    }
    const payer = debt && (payers[debt.kind] as Payer<Debt>)
    if (!debt || !payer || missing !== undefined) {
      const isFresh = claimed.atMs - claimed.sinceMs < FRESH_MS
      const ms = pauseMs(claimed, isFresh ? OTHERS_PAUSE_MS : LONGEST_PAUSE_MS)
      return putOff(claimed, payer, `no process here knows the ${missing ?? 'kind'}`, ms)
    }
    let payment: Payment
    try {
      payment = await payer.pay(debt, claimed)
    } catch (error) {
      return refused(claimed, payer, error)
    }
    if (payment === 'paid') await queue.debtPaid(text)
    if (payment !== 'too early') return 'done'
    return putOff(claimed, payer, TOO_EARLY, EARLY_PAUSE_MS)
  }

  async function refused(claimed: ClaimedDebt, payer: Payer<Debt>, error: unknown): Promise<Outcome> {
    const reason = messageOf(error)
    if (error instanceof UnpayableError) return setAside(claimed, payer, reason)
    if (!(error instanceof StorageError))
      return putOff(claimed, payer, reason, pauseMs(claimed, LONGEST_PAUSE_MS))
    if (error.isImpossibleName) return setAside(claimed, payer, `the store refuses it for good: ${reason}`)
    const mayHeal = error.isPassing || error.isSetUp
    await putOff(claimed, payer, reason, pauseMs(claimed, mayHeal ? AWAY_PAUSE_MS : LONGEST_PAUSE_MS))
    // A missing or closed bucket is one function's matter: debts of others can be paid.
    return mayHeal && !isStorageCode(error, 'NoSuchBucket', 'AccessDenied') ? 'store away' : 'done'
  }

  /** Only this debt waits; a Redis that is away ends the round here. */
  async function putOff(
    claimed: ClaimedDebt,
    payer: Payer<Debt> | undefined,
    reason: string,
    delayMs: number,
  ): Promise<Outcome> {
    const attempts = claimed.attempts + 1
    const isOld = claimed.atMs - claimed.sinceMs > retentionMs
    if (isOld && attempts >= LEAST_ATTEMPTS)
      return setAside(claimed, payer, `given up after ${attempts} attempts: ${reason}`)
    await queue.putOffDebt(claimed, delayMs, true)
    // A warning only once: it is logged again when it is set aside, and the gauges show it meanwhile.
    const level = attempts === 1 && reason !== TOO_EARLY ? 'warn' : 'debug'
    log[level](
      { debt: claimed.text, reason, attempts },
      `${payer?.failure ?? 'cannot be paid'}; retrying later`,
    )
    return 'done'
  }

  async function setAside(
    { text }: ClaimedDebt,
    payer: Payer<Debt> | undefined,
    reason: string,
  ): Promise<Outcome> {
    if (await queue.setDebtAside(text, reason))
      log.error({ debt: text, reason }, `${payer?.lost ?? 'a debt can never be paid'}: it was set aside`)
    return 'done'
  }

  return {
    payDue() {
      underWay ??= round().finally(() => {
        underWay = undefined
      })
      return underWay
    },
    async payNow(debts) {
      if (debts.length > 0) await round(debts)
    },
    stop() {
      isStopping = true
    },
  }
}

/** Each time twice as long as before. */
function pauseMs({ attempts }: ClaimedDebt, longestMs: number): number {
  return Math.min(longestMs, SECOND_MS * 2 ** Math.min(attempts, 20))
}
