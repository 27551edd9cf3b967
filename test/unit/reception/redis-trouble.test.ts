import { ReplyError } from 'ioredis'
import { expect, it } from 'vitest'
import { redisTrouble } from '../../../runtime/reception/redis-trouble.ts'

const reply = (text: string) => new ReplyError(text)
const away = /^the receiver cannot reach Redis/

it.each([
  [new Error('Connection is closed.'), away],
  [new Error('Command timed out'), away],
  [Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), away],
  [reply('LOADING Redis is loading the dataset in memory'), away],
  [reply('WRONGTYPE Operation against a key'), /another type under sluice:x, the key of the stream "cam1"/],
  [reply('ERR Error running script: WRONGTYPE Operation'), /another type under sluice:x/],
  [reply('OOM command not allowed'), /^Redis refuses what the receiver asks: OOM command not allowed$/],
  [new Error('the session is being ended'), /^the receiver failed, and its log has the reason/],
])('%s reads as %s', (error, words) => {
  expect(redisTrouble('cam1', 'sluice:x', error)).toMatch(words)
})
