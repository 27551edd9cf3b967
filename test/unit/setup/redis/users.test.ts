import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import { redisAcl } from '../../../../runtime/setup/redis/users.ts'

const QUEUE = join(import.meta.dirname, '../../../../runtime/queue')

/** Commands in the scripts, and those that the files of the queue call on a connection. */
function commandsSent(): ReadonlySet<string> {
  const redis = new Redis({ lazyConnect: true })
  const builtIn = new Set(redis.getBuiltinCommands())
  redis.disconnect()
  const found = new Set<string>()
  for (const file of readdirSync(QUEUE, { recursive: true, encoding: 'utf8' })) {
    if (!/\.(?:lua|ts)$/.test(file)) continue
    const text = readFileSync(join(QUEUE, file), 'utf8')
    const calls = file.endsWith('.lua')
      ? text.matchAll(/\b(?:redis\.p?call|put|look)\('([A-Za-z]+)'/g)
      : text.matchAll(/\b(?:redis|probe|blocking|pipeline)\s*\.([a-z]+)/g)
    for (const [, name = ''] of calls) if (builtIn.has(name.toLowerCase())) found.add(name.toLowerCase())
  }
  return found
}

it('the runtime may send every command that its scripts and the files of the queue send', () => {
  const [line = ''] = redisAcl('sluice', () => 'secret').match(/^user runtime .*$/m) ?? []
  const sent = [...commandsSent()]
  expect(sent.length).toBeGreaterThan(50)
  expect(sent.filter((command) => !new RegExp(`\\+${command}(?![a-z])`).test(line))).toEqual([])
})
