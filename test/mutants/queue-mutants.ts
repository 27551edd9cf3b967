/** The scripts without one of their guards each. @module */
import { mutantsOf, type Break, type Mutant } from './mutant.ts'

const MODEL = ['test/fault/model.test.ts']
const WAKES = ['test/integration/queue-wakes.test.ts']
const BEFORE = ['test/integration/queue-before.test.ts']
const DAMAGED = ['test/integration/queue-damaged.test.ts']
const INBOX = ['test/integration/queue-inbox.test.ts']

const ofScript = (name: string, breaks: readonly Break[]) =>
  mutantsOf(`runtime/queue/scripts/${name}.lua`, MODEL, breaks)

export const QUEUE_MUTANTS: readonly Mutant[] = [
  ...mutantsOf(
    'runtime/queue/scripts/turn_claim.lua',
    ['test/integration/queue-lanes.test.ts'],
    [
      [
        'any entry starts a run that waits',
        "r.state == 'queued' and r.entry == entry and",
        "r.state == 'queued' and",
      ],
    ],
  ),
  ...ofScript('turn_settle', [
    [
      'settle without its fence check',
      'r.fence ~= fence or r.token ~= tokenOf(mine)',
      'r.token ~= tokenOf(mine)',
    ],
    ['settle without its token check', 'r.fence ~= fence or r.token ~= tokenOf(mine)', 'r.fence ~= fence'],
    [
      'a failure that counts again when it is sent again',
      "if r.state ~= 'running' then return r.state end",
      "if r.state ~= 'running' and kind ~= 'fail' then return r.state end",
    ],
    [
      'a run that is handed back counts as failed',
      "if kind == 'fail' or kind == 'bury' then\n    r.attempts",
      "if kind ~= 'cancelled' then\n    r.attempts",
    ],
    [
      'a word to cancel does not outlive its attempt',
      "if r.isCancelled and (kind == 'release' or kind == 'fail' or kind == 'isolate') then kind = 'cancelled' end",
      '',
    ],
    [
      'an old word to cancel ends the next attempt',
      "if not r.isCancelled and kind == 'cancelled' then kind = 'release' end",
      '',
    ],
    ['attempts without end', "kind == 'bury' or r.attempts >= maxAttempts", "kind == 'bury'"],
    [
      'a run that may have blocked its worker runs beside others',
      "kind == 'isolate' and 'solo' or lane",
      'lane',
    ],
  ]),
  ...ofScript('turn_claim', [
    ['a turn that is sent again claims more runs', 'if last[1] == token then', 'if false then'],
    [
      'a busy worker takes a run that wants one of its own',
      'if isIdle and not isResting then takeSolo() end',
      'if not isResting then takeSolo() end',
    ],
    ['an attempt begins with the fence of the one before', 'tostring(r.fence + 1)', 'r.fence'],
    [
      'one worker that has had a suspect keeps all from the next',
      "'EXISTS', P .. 'solo:rest:' .. consumer",
      "'EXISTS', P .. 'solo:rest'",
    ],
    [
      'nobody holds back for a run that wants a worker of its own',
      '(isIdle or isResting or not holdsBack())',
      '(true)',
    ],
  ]),
  ...mutantsOf('runtime/queue/scripts/turn_wait.lua', WAKES, [
    [
      'who finds nothing is not told of what comes',
      "redis.call('ZADD', P .. 'idle:' .. want.fn, busyNow, consumer)",
      '',
    ],
    ['a worker waits for what it has no slots for', 'takesMore and isFree and', 'takesMore and'],
    [
      'a word for who cannot take the run is lost',
      'if isLeft then wakeFor(fn, count - (want and want.claimed or 0), consumer) end',
      '',
    ],
    ['of two words one is handed on', '(words[ARGV[i]] or 0) + 1', '1'],
    [
      'a function whose runs nobody has read is not read any more',
      'local isLeft = not isDrained(want) or want.isSolo',
      'local isLeft = want.isSolo',
    ],
  ]),
  ...mutantsOf(
    'runtime/worker/worker.ts',
    ['test/integration/worker-wakes.test.ts'],
    [['a worker forgets for what it was woken', 'wokenFor.push(functionName)', 'turns++']],
  ),
  ...mutantsOf('runtime/queue/scripts/prelude_queue.lua', WAKES, [
    ['a run that waits makes no function ready', '  markReady(fn)\n', ''],
  ]),
  ...mutantsOf('runtime/queue/scripts/prelude.lua', WAKES, [
    [
      'the word goes to a worker that is gone',
      "redis.call('PUBLISH', P .. 'wake:' .. found[i], fn) > 0",
      "redis.call('PUBLISH', P .. 'wake:' .. found[i], fn) >= 0",
    ],
  ]),
  ...ofScript('admit', [
    [
      'admission without its head check',
      "if redis.call('LINDEX', list, i - 1) ~= nextArg() then return { 0 } end",
      'nextArg()',
    ],
    ['admission without its check for duplicates', 'if not known then', 'if true then'],
    ['admission that trims nothing', "  redis.call('LTRIM', list, n, -1)\n", ''],
    [
      'admission that trims one too many',
      "redis.call('LTRIM', list, n, -1)",
      "redis.call('LTRIM', list, n + 1, -1)",
    ],
    ['a run that was lifted keeps its old entry', "drop(fn, 'low', known.entry)", ''],
    ['every announcement counts as the expected copy', 'and known.copies < paths', ''],
  ]),
  ...ofScript('prelude_queue', [
    [
      'an entry that leaves its stream stays there',
      "  redis.pcall('XDEL', stream(fn, lane), entry)\nend",
      'end',
    ],
    [
      'an entry that leaves its stream stays pending',
      "  redis.pcall('XACK', stream(fn, lane), GROUP, entry)\n",
      '',
    ],
    [
      'ends that owe no verdict',
      "if state ~= 'succeeded' then redis.call('ZADD', P .. 'tidy', at, verdictDebt(run)) end",
      '',
    ],
    ['an object that does not forget its runs', 'close(run, object)\n  payVerdict', 'payVerdict'],
  ]),
  ...mutantsOf(
    'runtime/queue/scripts/prelude_queue.lua',
    ['test/integration/queue-admit.test.ts'],
    [
      [
        'a stream of a wrong type stops all functions',
        "local entry = redis.pcall('XADD', stream(fn, lane)",
        "local entry = redis.call('XADD', stream(fn, lane)",
      ],
    ],
  ),
  ...mutantsOf(
    'runtime/queue/scripts/prelude.lua',
    ['test/integration/queue-admit.test.ts'],
    [['whatever is malformed is kept whole', '#text > 4096 and string.sub(text, 1, 1024) or text', 'text']],
  ),
  ...mutantsOf(
    'runtime/intake/heard.ts',
    ['test/unit/intake/heard.test.ts'],
    [
      ['two texts of other bytes count as copies', "raw.toString('latin1')", 'raw.toString()'],
      ['malformed texts are remembered', 'if (!isKept(planned)) return planned', ''],
      ['texts that are remembered have no limit', 'if (heldBytes <= heldMaxBytes) break', 'break'],
    ],
  ),
  ...mutantsOf(
    'runtime/intake/intake.ts',
    ['test/integration/intake.test.ts'],
    [['the head of an empty list is read again', 'isEmptied && !isBusy', 'false']],
  ),
  ...mutantsOf('runtime/queue/scripts/prelude_run.lua', DAMAGED, [
    [
      'a run of another type stops every script that meets it',
      "redis.pcall('HMGET', runKey(run), 's', ...)",
      "redis.call('HMGET', runKey(run), 's', ...)",
    ],
    ['half of a run is taken for a whole one', 'r.fn == false or r.object == false', 'false'],
    ['a piece of a payload ends within a character', 'behind < 128 or behind > 191', 'true'],
    ['a long text swells the hash of its run', '#text > SHORT and', 'false and'],
    [
      'a long text is kept when a short one follows it',
      'if r.hasTexts and to == short',
      'if false and to == short',
    ],
  ]),
  ...mutantsOf('runtime/queue/scripts/prelude.lua', DAMAGED, [
    [
      'a key of another type beside a run makes no way',
      "if isOtherType(reply) then redis.call('DEL', key) end",
      '',
    ],
    ['a key of another type stops those that only look', 'if isOtherType(reply) then return false end', ''],
  ]),
  ...mutantsOf('runtime/queue/scripts/prelude_run.lua', BEFORE, [
    ['runs of the release before are not known', 'if STATE[old[1]] then', 'if false then'],
    ['a run is kept in both layouts', "redis.call('HDEL', h, unpack(OLD))", ''],
  ]),
  ...mutantsOf('runtime/queue/scripts/turn_claim.lua', DAMAGED, [
    ['a run that nobody can read is dropped without a word', 'if broken then giveUp(run, broken) end', ''],
  ]),
  ...mutantsOf('runtime/queue/scripts/turn_settle.lua', DAMAGED, [
    ['a run whose payload nobody can read is kept', 'giveUp(run, reason)', ''],
  ]),
  ...mutantsOf('runtime/queue/scripts/repair.lua', DAMAGED, [
    [
      'a run that has ended stays with a payload that nobody can read',
      'not isPayload(',
      'false and not isPayload(',
    ],
    [
      'a run in progress is forgotten for its payload',
      "r.state ~= 'running' and not isPayload",
      'not isPayload',
    ],
  ]),
  ...mutantsOf('runtime/queue/scripts/admit.lua', DAMAGED, [
    [
      'what is left of a run is mixed into the next',
      "    redis.call('DEL', runKey(run), textKey(run))\n",
      '',
    ],
  ]),
  ...mutantsOf('runtime/queue/scripts/rerun.lua', DAMAGED, [
    [
      'a long payload is kept when a short one follows it',
      "if r.hasTexts then put('HDEL', textKey(run), 'payload') end",
      '',
    ],
  ]),
  ...mutantsOf('runtime/queue/turn.ts', DAMAGED, [
    [
      'a claim that nobody can read stays claimed',
      'if (unreadable.length > 0)',
      'if (unreadable.length < 0)',
    ],
  ]),
  ...mutantsOf('runtime/queue/scripts/read_inbox.lua', INBOX, [
    [
      'a text of any length is sent',
      "if #text > textMax then return 'too long",
      "if false then return 'too long",
    ],
    ['a long text comes behind a short one', '#texts > 0 and (#text > textMax or bytes > bytesMax)', 'false'],
    [
      'deaths are not counted',
      'if mark.count == 1 then mark.deaths = mark.deaths + 1',
      'if mark.count == 1 then',
    ],
    ['after a death all are read at once again', 'mark.suspects = math.max(mark.suspects, mark.count)', ''],
    ['a process dies of what it reads again', 'if mark.process ~= process then', 'if true then'],
    [
      "another intake's texts are one's own",
      'if all[i] == intake then own = mark',
      'if true then own = mark',
    ],
  ]),
  ...ofScript('reclaim', [
    ['no limit of crashes', 'elseif r.crashes >= maxCrashes then', 'elseif false then'],
    ['every lease has run out', "'IDLE', leaseMs, '-'", "'IDLE', 0, '-'"],
    [
      'a call that came late takes runs back',
      'if t - tonumber(ARGV[4]) > tonumber(ARGV[5]) then',
      'if false then',
    ],
    ['who lost its run may still settle it', "    r.token = ''\n", ''],
    [
      'every crash counts, also beside others',
      "if lane == 'solo' then r.crashes = r.crashes + 1",
      'if true then r.crashes = r.crashes + 1',
    ],
    [
      'a run that may have killed its worker runs beside others',
      "isSuspect and 'solo' or lane, t",
      'lane, t',
    ],
    ['a lost machine throws suspicion on all that it ran', '>= MAX_LOSSES', '>= 1'],
    ['a word about a worker says nothing', 'or fate ~= nil or', 'or'],
    ['a worker without CPU loses its runs', "if fate == 'starved' then", 'if false then'],
  ]),
  ...ofScript('heartbeat', [
    ['a heartbeat without its fence check', ' or r.fence ~= fence or', ' or'],
    ['a heartbeat without its token check', ' or r.token ~= tokenOf(token) then', ' then'],
    ['a heartbeat without its check of the state', "r.state ~= 'running' or r.fence", 'r.fence'],
    [
      'a heartbeat that renews nothing',
      "redis.pcall('XCLAIM', stream(r.fn, r.lane), GROUP, consumer, 0, r.entry, 'JUSTID')",
      '',
    ],
  ]),
  ...ofScript('promote', [
    ['a retry that stays among those that wait', "  redis.call('ZREM', P .. 'delay', run)\n", ''],
    ['retries before they are due', "'-inf', t, 'LIMIT'", "'-inf', '+inf', 'LIMIT'"],
  ]),
  ...ofScript('cancel_run', [
    [
      'a word to cancel that does not say which attempt',
      "'cancel:' .. run .. ':' .. r.fence",
      "'cancel:' .. run",
    ],
    ['a cancelled run is still due', "redis.call('ZREM', P .. 'delay', run)", ''],
  ]),
  ...ofScript('rerun', [
    ['a step of a job without its position', ' or v[2] ~= position then', ' then'],
    ['a running run is restarted without force', "if not (isForced or stale) then return 'busy' end", ''],
    [
      'a request that is sent again restarts the run twice',
      "if r and token ~= '' and r.asked == token then return 'queued' end",
      '',
    ],
    ['the holder of a restarted run keeps its fence', 'r.fence = tostring(r.fence + 1)', ''],
    ['an epoch that does not grow', 'math.max(r.epoch + 1, t)', 'r.epoch'],
    [
      'a redrive takes what is no dead letter',
      "elseif trigger == 'redrive' and state ~= 'dead' then",
      'elseif false then',
    ],
    ['a sweep takes up dead letters', "(state == 'dead' or state == 'cancelled')", "state == 'cancelled'"],
    ['what runs again is still owed its verdict', 'payVerdict(run)', ''],
  ]),
  // The model comes there too seldom.
  ...mutantsOf(
    'runtime/queue/scripts/verdict_written.lua',
    ['test/integration/queue-turn.test.ts'],
    [
      [
        'a verdict of an earlier end pays for a later one',
        ' or r.epoch ~= tonumber(ARGV[3]) or r.at ~= tonumber(ARGV[4])',
        '',
      ],
    ],
  ),
  ...ofScript('prune', [
    ['runs are forgotten that are owed their verdict', 'if not owesVerdict(run) then', 'if true then'],
  ]),
  ...ofScript('withdraw', [['a job withdraws what others asked for', 'r.asked == ARGV[1] and (', '(']]),
  ...ofScript('result_removed', [['a removed result ends any run', "r.state ~= 'succeeded' or", '']]),
  ...ofScript('repair', [
    [
      'what runs without a lease is left alone',
      "return state == 'queued' and (not delivered or isNewerThan(entry, delivered))",
      'return true',
    ],
    ['a run that is healed keeps the token of who had it', "  r.token = ''\n", ''],
  ]),
  ...ofScript('retire_consumers', [['consumers go with what they hold', 'if v.pending == 0 and ', 'if ']]),
]
