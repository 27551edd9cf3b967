/**
 * The promises themselves, kept apart from the rules of the model: a mistake in a rule that was made twice, in Lua and in
 * the model, is still seen here.
 * @module
 */
import type { Settlement, TurnReply, TurnRequest } from '../../../runtime/queue/turn.ts'
import type { View } from './view.ts'

interface Account {
  /** The newest claim, as `fence token`, and whether somebody may still be at work by it. */
  claim: string
  isHeld: boolean
  fence: number
  epoch: number
  /** Attempts that failed in this epoch. */
  readonly counted: Set<string>
  readonly settled: Set<string>
}

export interface Ledger {
  readonly accounts: Map<string, Account>
  /** Runs that were admitted and not forgotten. */
  readonly owed: Set<string>
}

/** Few, so that they are reached. */
export const MAX_CRASHES = 2

export function emptyLedger(): Ledger {
  return { accounts: new Map(), owed: new Set() }
}

function accountOf(ledger: Ledger, run: string): Account {
  const made: Account = {
    claim: '',
    isHeld: false,
    fence: 0,
    epoch: 0,
    counted: new Set(),
    settled: new Set(),
  }
  const account = ledger.accounts.get(run) ?? made
  ledger.accounts.set(run, account)
  return account
}

export function tellTurn(ledger: Ledger, request: TurnRequest, reply: TurnReply): void {
  request.settlements.forEach((settlement, at) =>
    tellSettled(ledger, settlement, reply.settled[at] as string),
  )
  for (const { runId, fence, token, lane } of reply.claims) {
    const account = accountOf(ledger, runId)
    const claim = `${fence} ${token}`
    if (lane === 'solo' && (reply.claims.length > 1 || request.inFlight > 0))
      throw new Error(`${runId} wants a worker of its own and did not get one`)
    if (claim === account.claim) continue
    if (account.isHeld) throw new Error(`${runId} was given out while somebody had it`)
    if (Number(fence) <= account.fence) throw new Error(`the fence of ${runId} did not grow`)
    Object.assign(account, { claim, isHeld: true, fence: Number(fence) } satisfies Partial<Account>)
  }
}

function tellSettled(ledger: Ledger, settlement: Settlement, answer: string): void {
  if (answer === 'fenced') return
  const { runId, fence, token, kind } = settlement
  const account = accountOf(ledger, runId)
  const claim = `${fence} ${token}`
  if (account.claim !== claim) throw new Error(`a settlement of ${runId} was taken from who has lost it`)
  if (account.settled.has(claim)) return
  account.settled.add(claim)
  account.isHeld = false
  const isFailure = (kind === 'fail' || kind === 'bury') && (answer === 'retrying' || answer === 'dead')
  if (isFailure) account.counted.add(claim)
}

/** Whoever had them has lost them. */
export function tellTaken(ledger: Ledger, runIds: readonly string[]): void {
  for (const runId of runIds) accountOf(ledger, runId).isHeld = false
}

/** These have ended and owe nothing: they may be forgotten. */
export function tellPruned(ledger: Ledger, runIds: readonly string[]): void {
  for (const runId of runIds) ledger.owed.delete(runId)
}

/** What holds after every operation, whatever it was. */
export function checkInvariants(ledger: Ledger, view: View, what: string): void {
  const broken = (text: string) => new Error(`after ${what}: ${text}`)
  for (const runId of ledger.owed) if (!view.runs[runId]) throw broken(`${runId} is lost`)
  for (const runId of ledger.accounts.keys()) if (!view.runs[runId]) ledger.accounts.delete(runId)
  const entries = Object.entries(view.streams).flatMap(([stream, texts]) =>
    texts.map((text) => ({ stream, text })),
  )
  for (const [runId, run] of Object.entries(view.runs)) {
    ledger.owed.add(runId)
    const account = accountOf(ledger, runId)
    if (run.fence < account.fence) throw broken(`the fence of ${runId} went back`)
    if (run.epoch < account.epoch) throw broken(`the epoch of ${runId} went back`)
    if (run.epoch > account.epoch) {
      // Begun anew: whoever had it has lost it.
      account.counted.clear()
      account.isHeld = false
    }
    account.epoch = run.epoch
    if (run.attempts !== account.counted.size)
      throw broken(`${runId} has ${run.attempts} attempts, and ${account.counted.size} have failed`)

    const isWaiting = run.state === 'queued'
    const isRunning = run.state === 'running'
    const isOpen = isWaiting || isRunning || run.state === 'retrying'
    if (isOpen && run.crashes >= MAX_CRASHES) throw broken(`${runId} goes on after ${run.crashes} crashes`)
    const own = `${view.runs[runId]?.fn}/${run.lane}`
    const places = entries.filter(
      ({ stream, text }) => stream === own && (text === runId || text.startsWith(`${runId}@`)),
    )
    if (places.length !== (isWaiting || isRunning ? 1 : 0))
      throw broken(`${runId} is ${run.state} and has ${places.length} entries`)
    const isDelivered = places[0]?.text.includes('@') === true
    if (isWaiting && isDelivered) throw broken(`${runId} waits and is with a worker`)
    if (isRunning && !isDelivered) throw broken(`${runId} runs and is with nobody`)
    if (runId in view.delay !== (run.state === 'retrying')) throw broken(`${runId}: delay and ${run.state}`)
    if (runId in view.ended !== !isOpen) throw broken(`${runId}: ended and ${run.state}`)
    if (view.verdicts.includes(runId) && (isOpen || run.state === 'succeeded'))
      throw broken(`${runId} is ${run.state} and owes a verdict`)
    if (view.letters[run.fn]?.includes(runId) !== run.hasLetter || (run.hasLetter && run.state !== 'dead'))
      throw broken(`${runId} is ${run.state}, and its dead letter does not agree`)
  }
}
