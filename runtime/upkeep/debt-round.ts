/** Goes through what is owed (`queue/debts.ts`): each debt is claimed by one worker, which pays it or puts it off. @module */
import { messageOf } from '../errors.ts'
import type { Logger } from '../telemetry/logger.ts'
import { parseDebt, type ClaimedDebt, type Debt } from '../queue/debts.ts'
import type { Queue } from '../queue/queue.ts'
import { StorageError } from '../storage/errors.ts'
import { MINUTE_MS, SECOND_MS } from '../time.ts'

const AT_ONCE = 100
/** After which another worker pays what one that has died had claimed. */
const CLAIM_MS = 10 * SECOND_MS
/** After which a debt is tried again that could not be paid, or that nobody came by for who could. */
export const LATER_MS = 5 * MINUTE_MS
/** After which a debt is tried again that it was too early for: somebody is at work on its object. */
const SOON_MS = 10 * SECOND_MS
/** For so long a debt waits for who can pay it, before it makes room for others. */
const WAITS_MS = MINUTE_MS

export interface DebtRoundParts {
  readonly queue: Queue
  readonly log: Logger
  /** Whether this worker knows what it takes to pay it. */
  readonly isMine: (debt: Debt) => Promise<boolean>
  /** False when it was too early. */
  readonly pay: (debt: Debt, claimed: ClaimedDebt) => Promise<boolean>
}

/** Everything that is due. What cannot be paid stays owed for later, and is told of. */
export async function payAll(parts: DebtRoundParts): Promise<void> {
  for (let passed = 0; ;) {
    const debts = await parts.queue.debts(AT_ONCE, passed)
    for (const text of debts) if ((await payOne(parts, text)) === 'left') passed += 1
    if (debts.length < AT_ONCE) return
  }
}

async function payOne(parts: DebtRoundParts, text: string): Promise<'left' | 'moved'> {
  const { queue, isMine } = parts
  const read = readDebt(text)
  if (!read.ok) {
    await setAside(parts, text, `nobody can read it: ${messageOf(read.error)}`)
    return 'moved'
  }
  const debt = read.value
  const mine = debt ? await settled(isMine(debt)) : NOT_MINE
  if (!mine.ok) return putOff(parts, text, mine.error)
  if (!debt || !mine.value) return (await queue.claimDebt(text, LATER_MS, WAITS_MS)) ? 'moved' : 'left'
  const claimed = await queue.claimDebt(text, CLAIM_MS)
  if (!claimed) return 'moved'
  const paid = await settled(parts.pay(debt, claimed))
  if (!paid.ok) {
    if (paid.error instanceof StorageError && paid.error.isImpossibleName) {
      await setAside(parts, text, `the store refuses it for good: ${paid.error.message}`)
      return 'moved'
    }
    return putOff(parts, text, paid.error)
  }
  if (paid.value) await queue.debtPaid(text)
  else await queue.owe(text, SOON_MS)
  return 'moved'
}

/** Only this debt waits; a Redis that is away ends the round here. */
async function putOff({ queue, log }: DebtRoundParts, text: string, error: unknown): Promise<'moved'> {
  log.warn({ debt: text, error: messageOf(error) }, 'cleanup failed; retrying later')
  await queue.owe(text, LATER_MS)
  return 'moved'
}

async function setAside({ queue, log }: DebtRoundParts, text: string, reason: string): Promise<void> {
  if (await queue.setAside('debt', text, reason))
    log.error({ debt: text, reason }, 'a cleanup can never be done: it was set aside')
}

type Settled<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown }

const NOT_MINE = { ok: true, value: false } as const

function readDebt(text: string): Settled<Debt | undefined> {
  try {
    return { ok: true, value: parseDebt(text) }
  } catch (error) {
    return { ok: false, error }
  }
}

function settled<T>(promise: Promise<T>): Promise<Settled<T>> {
  return promise.then(
    (value) => ({ ok: true, value }),
    (error: unknown) => ({ ok: false, error }),
  )
}
