/** What is owed in the outbox, as tests look at it. @module */
import type { Redis } from 'ioredis'
import { parseDebt } from '../../runtime/queue/debts.ts'
import type { Queue } from '../../runtime/queue/queue.ts'
import { redisNowMs } from '../../runtime/queue/redis.ts'

interface Used {
  readonly redis: Redis
  readonly queue: Pick<Queue, 'keys'>
}

export const allDebts = ({ redis, queue }: Used) => redis.zrange(queue.keys.debts, '0', '-1')

/** @param atMs - by the clock of Redis; @defaultValue now */
export async function dueDebts({ redis, queue }: Used, atMs?: number): Promise<string[]> {
  return redis.zrangebyscore(queue.keys.debts, '-inf', atMs ?? (await redisNowMs(redis)))
}

/** The runs among `debts` that owe a verdict. */
export function verdictsOf(debts: readonly string[]): string[] {
  return debts.flatMap((text) => {
    const debt = text.startsWith('["verdict"') ? parseDebt(text) : undefined
    return debt?.kind === 'verdict' ? [debt.runId] : []
  })
}

/** The runs that owe a verdict. */
export const owedVerdicts = async (used: Used) => verdictsOf(await allDebts(used))

/** The waits are left out. */
export async function makeDue(used: Used): Promise<void> {
  for (const debt of await allDebts(used)) await used.redis.zadd(used.queue.keys.debts, 0, debt)
}
