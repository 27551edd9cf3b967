/** Commits that look for no verdict, without one of the guards that make that safe. @module */
import { mutantsOf, type Break, type Mutant } from './mutant.ts'

const PLACES = ['test/integration/verdict-places.test.ts']

const of = (file: string, breaks: readonly Break[]) => mutantsOf(file, PLACES, breaks)

export const VERDICT_MUTANTS: readonly Mutant[] = [
  ...of('runtime/output/verdict.ts', [
    [
      'a verdict is not noted before it is written',
      'await request.note()\n      const target',
      'const target',
    ],
    [
      'a verdict is not noted after it was written',
      '    await request.note()\n    // A commit between',
      '    // A commit between',
    ],
  ]),
  ...of('runtime/queue/scripts/verdict_gone.lua', [
    [
      'whatever its mark, a note goes',
      "if redis.call('HGET', P .. 'verdict-places', ARGV[p]) == ARGV[p + 1] then",
      'if true then',
    ],
  ]),
  ...of('runtime/queue/scripts/turn_settle.lua', [
    [
      'a settlement does not ask again for a verdict',
      "if lines ~= '' and verdictAt(lines) ~= '' then owe(outdatedDebt(run, fence), t) end",
      '',
    ],
  ]),
  ...of('runtime/queue/scripts/know_verdicts.lua', [
    [
      'a reading counts whose beginning was forgotten',
      "if redis.call('GET', P .. 'verdicts:reading') ~= server .. ' ' .. token then return 0 end",
      '',
    ],
    [
      'workers of older releases are overlooked',
      "if not redis.call('ZSCORE', P .. 'verdicts:noting', consumer) then",
      'if false then',
    ],
    ['any server knows', "if redis.call('GET', P .. 'verdicts:known') ~= server then return 0 end", ''],
    [
      'it is known for ever',
      "'SET', P .. 'verdicts:known', server, 'PX', ARGV[4]",
      "'SET', P .. 'verdicts:known', server",
    ],
  ]),
  ...of('runtime/queue/verdict-places.ts', [
    ['notes that a reading renewed are forgotten', 'Number.parseFloat(mark) * 1_000 < beforeMs', 'true'],
  ]),
  ...of('runtime/upkeep/verdict-places.ts', [
    [
      'notes of verdicts that are gone stay for ever',
      'if (isWhole) await queue.forgetVerdicts',
      'if (!isWhole) await queue.forgetVerdicts',
    ],
    ['notes of writers that have not written yet are forgotten', 'beganMs - WRITE_MS', 'beganMs'],
  ]),
  ...of('runtime/queue/scripts/prelude_queue.lua', [
    [
      'an emptied Redis knows that there are no verdicts',
      "return redis.call('GET', P .. 'verdicts:known') == string.sub(asked, 34) and '' or 'unknown'",
      "return ''",
    ],
  ]),
  ...of('runtime/queue/verdict-places.ts', [
    [
      'a settlement asks the server of its fence',
      'request.settlements.map(now)',
      'request.settlements.map((each) => now(each) && each)',
    ],
    [
      'a turn that was sent to two servers is believed',
      'connection === server.connection ? reply',
      'true ? reply',
    ],
  ]),
  ...of('runtime/queue/scripts/fence.lua', [
    ['a fence of an earlier attempt holds', 'r.fence == ARGV[2] and r.token', 'r.token'],
    ['a fence of a run that has ended holds', "r.state == 'running' and r.fence", 'r.fence'],
  ]),
  ...of('runtime/worker/attempt/older-verdict.ts', [
    [
      'the note of a verdict goes that stands',
      'if (answer?.mark !== undefined && !remains)',
      'if (answer?.mark !== undefined)',
    ],
  ]),
  ...of('runtime/worker/worker.ts', [
    [
      'a result that no settlement stands for looks for no verdict',
      "if (state !== 'succeeded' || reply.wasSentAgain) lookAfterAll(outcome)",
      '',
    ],
    ['a result whose settlement was sent again looks for no verdict', ' || reply.wasSentAgain', ''],
  ]),
]
