/** Writes a run as the release before kept it, so that every script meets such runs, in every state. @module */
import type { Redis } from 'ioredis'
import type { Keys } from '../../../runtime/queue/keys.ts'
import { parseFacts, parseRun, readRunFields } from '../../../runtime/queue/run-record.ts'

export async function toLayoutBefore(redis: Redis, keys: Keys, run: string): Promise<void> {
  const [fields = {}] = await readRunFields(redis, keys, [run])
  if (fields instanceof SyntaxError) throw fields
  const [facts, record] = [parseFacts(fields), parseRun(run, fields)]
  // There is no such run, or it is in that layout already.
  if (!facts || !record || fields['s'] === undefined) return
  const numbers = ['fence', 'attempts', 'crashes', 'losses', 'copies', 'dups', 'epoch'] as const
  const times = ['createdAt', 'queuedAt', 'startedAt', 'dueAt', 'endedAt'] as const
  const texts = [
    'fn',
    'object',
    'generation',
    'asked',
    'letter',
    'worker',
    'reason',
    'error',
    'lines',
    'result',
  ]
  const before: Record<string, string | number> = {
    state: facts.state,
    lane: facts.lane,
    trigger: facts.trigger,
    token: facts.token,
    entry: fields['entry'] ?? '',
    event: fields['event'] ?? '',
    payload: JSON.stringify(record.payload),
    ...(facts.hint && { hint: facts.hint }),
    ...(facts.isCancelAsked && { cancel: '1' }),
    ...(record.progress && { progress: JSON.stringify(record.progress) }),
  }
  for (const name of numbers) before[name] = facts[name]
  for (const name of times) {
    const atMs = facts[`${name}Ms`]
    if (atMs !== undefined) before[name] = atMs
  }
  for (const name of texts) if (fields[name]) before[name] = fields[name]
  await redis.multi().del(keys.run(run), keys.texts(run)).hset(keys.run(run), before).exec()
}
