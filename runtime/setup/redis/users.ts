/**
 * The rights of users in Redis: the text of its ACL file. Each user has only the commands that its program sends; a test runs the
 * programs and finds nothing refused. Pure.
 * @module
 */
import { createHash } from 'node:crypto'

export const REDIS_USERS = ['runtime', 'minio', 'exporter', 'insight', 'health', 'admin'] as const
export type RedisUser = (typeof REDIS_USERS)[number]

/** Commands of the runtime and of its scripts: the caller of a script needs the rights for all that the script calls. */
const RUNTIME_COMMANDS = [
  'auth client|setname eval evalsha exec info multi ping quit script|load subscribe time unsubscribe publish pubsub|numsub',
  'del exists get persist pexpire pttl set type',
  'hdel hget hgetall hincrby hkeys hmget hscan hset hsetnx',
  'blmove lindex llen lrange lset ltrim rpush',
  'sadd scard sismember smembers smove srandmember srem sunion',
  'zadd zcard zcount zpopmin zrange zrangebyscore zrem zremrangebyscore zrevrange zrevrangebyscore zrevrank zscan zscore',
  'xack xadd xclaim xdel xgroup|create xgroup|createconsumer xgroup|delconsumer xinfo|consumers xinfo|groups',
  'xlen xpending xrange xreadgroup xrevrange',
]

/** The exporter reads lengths and settings; it can neither read nor change what is stored. */
const EXPORTER_COMMANDS = [
  'client|list client|setname config|get info latency|histogram latency|latest ping select slowlog|get slowlog|len',
  'hlen llen memory|usage scan scard strlen type xinfo|consumers xinfo|groups xinfo|stream xlen zcard',
]

/** Rules in Redis's syntax: keys (`~`), channels (`&`) and commands. */
function rulesOf(user: RedisUser, name: string): string {
  const own = `{${name}}:*`
  const only = (commands: readonly string[]) =>
    `-@all ${commands.flatMap((line) => line.split(' ').map((command) => `+${command}`)).join(' ')}`
  switch (user) {
    case 'runtime':
      return `~${own} &${own} ${only(RUNTIME_COMMANDS)}`
    case 'minio':
      return `~{${name}}:in ${only(['client|setname ping rpush type'])}`
    case 'exporter':
      return `~* ${only(EXPORTER_COMMANDS)}`
    case 'insight':
      // All that it shows, and no more, since its only login is the edge's. `KEYS` would block all other clients.
      return `%R~${own} -@all +@read +@connection +info +slowlog|get +slowlog|len +memory|usage +command +module|list -keys -client|kill -client|pause -client|unpause -client|no-evict -client|unblock`
    case 'health':
      return only(['ping'])
    case 'admin':
      return '~* &* +@all'
  }
}

/**
 * The ACL file. It contains only hashes of passwords. The user `default` is off, so nobody can connect without a password.
 */
export function redisAcl(name: string, passwordOf: (user: RedisUser) => string): string {
  const lines = REDIS_USERS.map((user) => {
    const hash = createHash('sha256').update(passwordOf(user)).digest('hex')
    return `user ${user} reset on #${hash} ${rulesOf(user, name)}`
  })
  return ['user default reset off', ...lines, ''].join('\n')
}
