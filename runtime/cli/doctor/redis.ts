/** Redis: its server, settings that keep what it acknowledges, and keys of the right type. @module */
import type { Inspection } from '../../queue/inspection.ts'
import { formatBytes } from '../../amounts.ts'
import { messageOf } from '../../errors.ts'
import { GROUP, LANES } from '../../queue/keys.ts'
import { fail, ok, skipped, warn, type Finding, type Findings } from './finding.ts'
import { isHere, localStart, redisCli, type Subject } from './subject.ts'

export async function* checkRedis(subject: Subject): Findings {
  const { redis, config } = subject
  const { host } = new URL(config.redisUrl)
  if (!redis) {
    yield fail('server', `${host} (REDIS_URL) does not answer: ${subject.redisFailure}`, repairOf(subject))
    return
  }
  const info = await redis.readInfo().catch((error: unknown) => error as Error)
  if (info instanceof Error) yield skipped('server', `the account may not ask INFO (${info.message})`)
  else yield* judgeRedis(parseInfo(info), host, redisCli(subject))
  yield await checkInboxType(redis, subject)
  yield* checkGroups(redis, subject)
}

function repairOf({ config, redisFailure, invocation }: Subject): string {
  const { hostname, port } = new URL(config.redisUrl)
  const address = `${hostname}:${port || 6379}`
  if (/^(NOAUTH|WRONGPASS)/.test(redisFailure)) return `export REDIS_URL=redis://:<password>@${address}`
  if (!isHere(hostname)) return 'export REDIS_URL=redis://<host>:6379'
  return (
    localStart(invocation) ??
    `redis-server --port ${port || 6379} --appendonly yes --maxmemory-policy noeviction --maxmemory 1gb`
  )
}

/** MinIO gives up on a target whose key has another type, and reports it only in its own log. */
async function checkInboxType(redis: Inspection, subject: Subject): Promise<Finding> {
  const { inbox } = subject.keys
  const type = await redis.typeOf(inbox)
  if (type === 'list' || type === 'none')
    return ok('inbox', `${inbox} is ${type === 'none' ? 'empty' : 'a list'}`)
  return fail(
    'inbox',
    `${inbox} is a ${type}: MinIO cannot push to it, and the events of all uploads wait or are lost`,
    `${redisCli(subject)} RENAME '${inbox}' '${inbox}-set-aside'`,
  )
}

async function* checkGroups(redis: Inspection, subject: Subject): Findings {
  const missing: string[] = []
  const wrong: string[] = []
  const keys = subject.functions.flatMap(({ name }) => LANES.map((lane) => subject.keys.stream(name, lane)))
  for (const key of keys) {
    try {
      if (!(await redis.hasGroup(key))) missing.push(key)
    } catch (error) {
      if (/no such key/i.test(messageOf(error))) missing.push(key)
      else wrong.push(`${key}: ${messageOf(error)}`)
    }
  }
  const cli = redisCli(subject)
  if (wrong.length > 0) {
    const [key = ''] = wrong.map((text) => text.slice(0, text.lastIndexOf(': ')))
    yield fail('streams', wrong.join('; '), `${cli} RENAME '${key}' '${key}-set-aside'`)
  }
  if (missing.length > 0) {
    yield warn(
      'streams',
      `${missing.length} of ${keys.length} have no consumer group yet; the runtime creates them when it starts`,
      ...missing.map((key) => `${cli} XGROUP CREATE '${key}' ${GROUP} 0 MKSTREAM`),
    )
  } else if (wrong.length === 0) yield ok('streams', `${keys.length}, each with its consumer group`)
}

export type Info = Readonly<Record<string, string>>

/** The queue's scripts need functions and flags of Redis 7. */
const OLDEST = 7
const NEARLY_FULL = 0.9

export function parseInfo(text: string): Info {
  const pairs = [...text.matchAll(/^([^#:\r\n]+):([^\r\n]*)/gm)]
  return Object.fromEntries(pairs.map(([, name, value]) => [name as string, value as string]))
}

/** @param cli - the text that calls `redis-cli` on it */
export function judgeRedis(info: Info, host: string, cli: string): readonly Finding[] {
  return [
    judgeServer(info, host),
    ...judgeRole(info, cli),
    judgeAof(info, cli),
    ...judgeWrites(info, cli),
    judgeEviction(info, cli),
    judgeMemory(info, cli),
  ]
}

function judgeServer(info: Info, host: string): Finding {
  const name = info['valkey_version'] ? 'Valkey' : 'Redis'
  const version = info['valkey_version'] ?? info['redis_version'] ?? 'of unknown version'
  const found = `${name} ${version} at ${host}`
  // Valkey still calls itself Redis 7.2.
  return Number.parseInt(info['redis_version'] ?? '0', 10) >= OLDEST
    ? ok('server', found)
    : fail('server', `${found}: version ${OLDEST} or later is required`, 'sudo apt-get install redis-server')
}

function judgeRole(info: Info, cli: string): readonly Finding[] {
  if (info['cluster_enabled'] === '1')
    return [
      fail(
        'role',
        'a cluster: MinIO pushes to one fixed address and does not follow redirects',
        'export REDIS_URL=redis://<a single primary>:6379',
      ),
    ]
  if (info['role'] !== 'master')
    return [
      fail(
        'role',
        `a ${info['role'] ?? 'server of unknown role'}: it accepts no writes`,
        `${cli} REPLICAOF NO ONE`,
      ),
    ]
  return []
}

function judgeAof(info: Info, cli: string): Finding {
  if (info['aof_enabled'] === '1') return ok('append-only file', 'on')
  return fail(
    'append-only file',
    'off: runs and notifications that Redis has acknowledged are lost when it stops',
    `${cli} CONFIG SET appendonly yes`,
    `${cli} CONFIG REWRITE   # if it has a configuration file`,
  )
}

/** Redis refuses writes (MISCONF) after a failed write to disk. */
function judgeWrites(info: Info, cli: string): readonly Finding[] {
  const names = ['aof_last_write_status', 'aof_last_bgrewrite_status', 'rdb_last_bgsave_status']
  const failed = names.filter((name) => info[name] !== undefined && info[name] !== 'ok')
  if (info['loading'] === '1')
    return [fail('disk', 'still loading its data: wait', `${cli} INFO persistence`)]
  if (failed.length === 0) return [ok('disk', 'the last writes succeeded')]
  const again = failed.includes('rdb_last_bgsave_status') ? 'BGSAVE' : 'BGREWRITEAOF'
  return [
    fail(
      'disk',
      `${failed.map((name) => `${name} is ${info[name]}`).join(', ')}: its disk is full or not writable`,
      'df -h',
      `${cli} ${again}`,
    ),
  ]
}

function judgeEviction(info: Info, cli: string): Finding {
  const policy = info['maxmemory_policy'] ?? 'unknown'
  if (policy === 'noeviction') return ok('eviction', 'noeviction')
  return fail(
    'eviction',
    `${policy}: when memory is full, Redis discards runs and notifications`,
    `${cli} CONFIG SET maxmemory-policy noeviction`,
    `${cli} CONFIG REWRITE   # if it has a configuration file`,
  )
}

function judgeMemory(info: Info, cli: string): Finding {
  const [used, limit] = [Number(info['used_memory']), Number(info['maxmemory'])]
  if (!(limit > 0)) {
    return warn(
      'memory',
      `${formatBytes(used)}, without a limit: it may use all memory of its machine`,
      `${cli} CONFIG SET maxmemory 1gb`,
    )
  }
  const found = `${formatBytes(used)} of ${formatBytes(limit)}`
  if (used < limit * NEARLY_FULL) return ok('memory', found)
  const larger = Math.ceil((limit * 2) / 1024 ** 2)
  return fail(
    'memory',
    `${found}: nearly full; when it is full, it refuses events of uploads`,
    `${cli} CONFIG SET maxmemory ${larger}mb`,
  )
}
