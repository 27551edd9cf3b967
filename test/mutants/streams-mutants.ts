/** The ownership of streams, and their keys, without one of their guards each. @module */
import { mutantsOf, type Break, type Mutant } from './mutant.ts'

const MODEL = ['test/integration/queue-streams-model.test.ts']
const STORE = ['test/integration/queue-streams.test.ts']
const API = ['test/integration/api-streams.test.ts']

const ofScript = (name: string, breaks: readonly Break[], caughtBy = MODEL) =>
  mutantsOf(`runtime/queue/scripts/${name}.lua`, caughtBy, breaks)

export const STREAM_MUTANTS: readonly Mutant[] = [
  ...ofScript('claim_stream', [
    [
      'a claim that is sent again is a second take',
      'if isOpen and v[1] == ARGV[2] then return { 1, v[3], v[4], v[5], v[7], v[8] } end',
      '',
    ],
    ['a live stream is anybody’s', "if isHeld and ARGV[5] ~= '1' then", 'if false then'],
    ['nobody may take over', "if isHeld and ARGV[5] ~= '1' then", 'if isHeld then'],
    [
      'a dead owner keeps its stream',
      "v[2] == 'live' and tonumber(v[6]) + tonumber(ARGV[3]) > t",
      "v[2] == 'live'",
    ],
    [
      'a session that continues gives the same take again',
      "string.format('%.0f', math.max(v[4] + 1, least)), v[8]",
      'v[4], v[8]',
    ],
    ['a stream that waits starts a new session', "v[2] == 'live' or v[2] == 'waiting'", "v[2] == 'live'"],
    ['a claim has the fence of the one before', '(tonumber(v[5]) or 0) + 1, t)', '(tonumber(v[5]) or 0), 0)'],
  ]),
  ...ofScript('beat_stream', [
    [
      'a late beat revives the stream of another',
      "v[1] ~= ARGV[2] or (v[2] ~= 'live' and v[2] ~= 'waiting')",
      "v[2] ~= 'live' and v[2] ~= 'waiting'",
    ],
    [
      'a late beat revives a stream that was ended',
      "v[1] ~= ARGV[2] or (v[2] ~= 'live' and v[2] ~= 'waiting')",
      'v[1] ~= ARGV[2]',
    ],
  ]),
  ...ofScript('adopt_stream', [
    [
      'a stream with an owner is adopted',
      'tonumber(v[6]) + tonumber(ARGV[3]) > t and v[1] ~= ARGV[6]',
      'false',
    ],
    ['a session that was ended is adopted', "v[2] == 'ended' or v[3] ~= ARGV[5]", 'v[3] ~= ARGV[5]'],
  ]),
  ...ofScript('withdraw_stream', [
    ['anybody may withdraw a session', 'if v[1] and v[1] ~= ARGV[2] then return 0 end', ''],
    [
      'a session that has ended is withdrawn',
      "if v[2] ~= 'live' and v[2] ~= 'waiting' then return 1 end",
      '',
    ],
  ]),
  ...ofScript('beat_stream', [['a beat renews nothing', "'beatAt', t, 'numbers'", "'numbers'"]], STORE),
  ...ofScript(
    'withdraw_stream',
    [
      [
        'a session that received nothing hides the one before',
        "if redis.call('EXISTS', before) == 1 then",
        'if false then',
      ],
    ],
    STORE,
  ),
  ...ofScript(
    'claim_stream',
    [['a Redis that lost its last second gives a take twice', 'math.max(v[4] + 1, least)', 'v[4] + 1']],
    STORE,
  ),
  ...ofScript(
    'adopt_stream',
    [
      ['a Redis that lost its last second keeps the older take', 'math.max(v[4], ARGV[7])', 'v[4]'],
      ['another session is adopted', "v[2] == 'ended' or v[3] ~= ARGV[5]", "v[2] == 'ended'"],
    ],
    STORE,
  ),
  ...ofScript('end_stream', [
    ['anybody may end a stream', 'if v[2] and v[1] ~= ARGV[2] then return 0 end', ''],
    ['an end that is sent again is in the history twice', "if v[2] == 'ended' then return 1 end", ''],
    ['a stop outlives its session', "redis.call('HDEL', key, 'stop', 'numbers')", ''],
  ]),
  ...ofScript(
    'end_stream',
    [
      ['a history without end', "redis.call('LTRIM', history, -tonumber(ARGV[5]), -1)\n", ''],
      ['ended streams without end', "redis.call('ZCARD', P .. 'streams:ended') - 1000", '0'],
    ],
    STORE,
  ),
  ...mutantsOf('runtime/queue/stream-records.ts', STORE, [
    ['a revoked key opens the door', "if (found.revokedAtMs !== undefined) return { kind: 'revoked' }", ''],
    [
      'a key that has expired opens the door',
      "if (found.expiresAtMs !== undefined && found.expiresAtMs <= nowMs) return { kind: 'expired' }",
      '',
    ],
  ]),
  ...mutantsOf('runtime/queue/streams.ts', STORE, [
    ['a revoked key cuts nobody', 'used.some(({ revokedAtMs }) => revokedAtMs !== undefined)', 'false'],
    ['after an outage of Redis live streams are ended', '>= leaseMs,', '>= 0,'],
  ]),
  ...mutantsOf('runtime/queue/stream-copies.ts', STORE, [
    ['after Redis was emptied every key is wrong', "check.kind === 'wrong' && !texts.has(COMPLETE)", 'false'],
  ]),
  ...mutantsOf('runtime/api/streams/view.ts', API, [
    [
      'the failure of an earlier pull is shown',
      'failure?.sinceMs === sinceMs ? failure : undefined',
      'failure',
    ],
    ['the password of a pull is shown', 'url: withoutSecrets(url),', 'url,'],
  ]),
]
