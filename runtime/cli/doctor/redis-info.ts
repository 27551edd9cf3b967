/** What INFO tells of a Redis. Pure. @module */
import { formatBytes } from '../../amounts.ts'
import { fail, ok, warn, type Finding } from './finding.ts'

export type Info = Readonly<Record<string, string>>

/** The queue's scripts need functions and flags of Redis 7. */
const OLDEST = 7
const NEARLY_FULL = 0.9

export function parseInfo(text: string): Info {
  const pairs = [...text.matchAll(/^([^#:\r\n]+):([^\r\n]*)/gm)]
  return Object.fromEntries(pairs.map(([, name, value]) => [name as string, value as string]))
}

/** @param cli - how to call `redis-cli` on it */
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
  // Valkey goes on calling itself a Redis 7.2.
  return Number.parseInt(info['redis_version'] ?? '0', 10) >= OLDEST
    ? ok('server', found)
    : fail('server', `${found}: version ${OLDEST} or later is needed`, 'sudo apt-get install redis-server')
}

function judgeRole(info: Info, cli: string): readonly Finding[] {
  if (info['cluster_enabled'] === '1')
    return [
      fail(
        'role',
        'a cluster: MinIO pushes to one fixed address and follows no redirect',
        'export REDIS_URL=redis://<a single primary>:6379',
      ),
    ]
  if (info['role'] !== 'master')
    return [
      fail(
        'role',
        `a ${info['role'] ?? 'server of unknown role'}: it takes no writes`,
        `${cli} REPLICAOF NO ONE`,
      ),
    ]
  return []
}

function judgeAof(info: Info, cli: string): Finding {
  if (info['aof_enabled'] === '1') return ok('append-only file', 'on')
  return fail(
    'append-only file',
    'off: runs and notifications that Redis has acknowledged are gone when it ends',
    `${cli} CONFIG SET appendonly yes`,
    `${cli} CONFIG REWRITE   # where it has a configuration file`,
  )
}

/** Redis refuses writes (MISCONF) after a write to disk that failed. */
function judgeWrites(info: Info, cli: string): readonly Finding[] {
  const names = ['aof_last_write_status', 'aof_last_bgrewrite_status', 'rdb_last_bgsave_status']
  const failed = names.filter((name) => info[name] !== undefined && info[name] !== 'ok')
  if (info['loading'] === '1')
    return [fail('disk', 'it still loads its data: wait', `${cli} INFO persistence`)]
  if (failed.length === 0) return [ok('disk', 'the last writes succeeded')]
  const again = failed.includes('rdb_last_bgsave_status') ? 'BGSAVE' : 'BGREWRITEAOF'
  return [
    fail(
      'disk',
      `${failed.map((name) => `${name} is ${info[name]}`).join(', ')}: its disk is full or it may not write there`,
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
    `${policy}: when memory is full Redis throws runs and notifications away`,
    `${cli} CONFIG SET maxmemory-policy noeviction`,
    `${cli} CONFIG REWRITE   # where it has a configuration file`,
  )
}

function judgeMemory(info: Info, cli: string): Finding {
  const [used, limit] = [Number(info['used_memory']), Number(info['maxmemory'])]
  if (!(limit > 0)) {
    return warn(
      'memory',
      `${formatBytes(used)}, without a limit: it may take all memory of its machine`,
      `${cli} CONFIG SET maxmemory 1gb`,
    )
  }
  const found = `${formatBytes(used)} of ${formatBytes(limit)}`
  if (used < limit * NEARLY_FULL) return ok('memory', found)
  const larger = Math.ceil((limit * 2) / 1024 ** 2)
  return fail(
    'memory',
    `${found}: nearly full, and then it refuses uploads' events`,
    `${cli} CONFIG SET maxmemory ${larger}mb`,
  )
}
