/** Redis: there, fit to keep what it acknowledges, and with the keys as they should be. @module */
import type { Redis } from 'ioredis'
import { messageOf } from '../../errors.ts'
import { GROUP, LANES } from '../../queue/keys.ts'
import { fail, ok, skipped, warn, type Finding, type Findings } from './finding.ts'
import { isHere, localStart, redisCli, type Patient } from './subject.ts'
import { judgeRedis, parseInfo } from './redis-info.ts'

export async function* checkRedis(patient: Patient): Findings {
  const { redis, config } = patient
  const { host } = new URL(config.redisUrl)
  if (!redis) {
    yield fail('server', `${host} (REDIS_URL) does not answer: ${patient.redisFailure}`, whatHelps(patient))
    return
  }
  const info = await redis.info().catch((error: unknown) => error as Error)
  if (info instanceof Error) yield skipped('server', `the account may not ask INFO (${info.message})`)
  else yield* judgeRedis(parseInfo(info), host, redisCli(patient))
  yield await checkInboxType(redis, patient)
  yield* checkGroups(redis, patient)
}

function whatHelps({ config, redisFailure, invocation }: Patient): string {
  const { hostname, port } = new URL(config.redisUrl)
  const address = `${hostname}:${port || 6379}`
  if (/^(NOAUTH|WRONGPASS)/.test(redisFailure)) return `export REDIS_URL=redis://:<password>@${address}`
  if (!isHere(hostname)) return 'export REDIS_URL=redis://<host>:6379'
  return (
    localStart(invocation) ??
    `redis-server --port ${port || 6379} --appendonly yes --maxmemory-policy noeviction --maxmemory 1gb`
  )
}

/** MinIO gives a target up whose key has another type, and says so only in its own log. */
async function checkInboxType(redis: Redis, patient: Patient): Promise<Finding> {
  const { inbox } = patient.keys
  const type = await redis.type(inbox)
  if (type === 'list' || type === 'none')
    return ok('inbox', `${inbox} is ${type === 'none' ? 'empty' : 'a list'}`)
  return fail(
    'inbox',
    `${inbox} is a ${type}: MinIO can push nothing to it, and every upload waits or is lost`,
    `${redisCli(patient)} RENAME '${inbox}' '${inbox}-set-aside'`,
  )
}

async function* checkGroups(redis: Redis, patient: Patient): Findings {
  const missing: string[] = []
  const wrong: string[] = []
  const keys = patient.functions.flatMap(({ name }) => LANES.map((lane) => patient.keys.stream(name, lane)))
  for (const key of keys) {
    try {
      const groups = JSON.stringify(await redis.xinfo('GROUPS', key))
      if (!groups.includes(`"${GROUP}"`)) missing.push(key)
    } catch (error) {
      if (/no such key/i.test(messageOf(error))) missing.push(key)
      else wrong.push(`${key}: ${messageOf(error)}`)
    }
  }
  const cli = redisCli(patient)
  if (wrong.length > 0) {
    const [key = ''] = wrong.map((text) => text.slice(0, text.lastIndexOf(': ')))
    yield fail('streams', wrong.join('; '), `${cli} RENAME '${key}' '${key}-set-aside'`)
  }
  if (missing.length > 0) {
    yield warn(
      'streams',
      `${missing.length} of ${keys.length} have no consumer group yet; the runtime makes them when it starts`,
      ...missing.map((key) => `${cli} XGROUP CREATE '${key}' ${GROUP} 0 MKSTREAM`),
    )
  } else if (wrong.length === 0) yield ok('streams', `${keys.length} with their consumer group`)
}
