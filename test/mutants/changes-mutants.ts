/** Live changes without one of their guards each. @module */
import { mutantsOf, type Mutant } from './mutant.ts'

const MODEL = ['test/fault/model.test.ts']
const CHANGES = ['test/integration/queue-changes.test.ts']
const SUBSCRIPTION = ['test/unit/queue/changes.test.ts']
const HUB = ['test/unit/api/live/hub.test.ts']
const STREAM = ['test/unit/api/live/event-stream.test.ts']
const ONLOOKERS = ['test/unit/worker/onlookers.test.ts']
const ROUTES = ['test/unit/api/live/routes.test.ts']

export const CHANGE_MUTANTS: readonly Mutant[] = [
  ...mutantsOf('runtime/queue/scripts/prelude_queue.lua', MODEL, [
    [
      'nobody is told of a run that is queued',
      "  save(run, r, 'entry', entry, ...)\n  tell(run, r)\n",
      "  save(run, r, 'entry', entry, ...)\n",
    ],
    [
      'nobody is told of the end of a run',
      "    put('SREM', P .. 'failed:' .. object, run)\n  end\n  tell(run, r)\n",
      "    put('SREM', P .. 'failed:' .. object, run)\n  end\n",
    ],
  ]),
  ...mutantsOf('runtime/queue/scripts/turn_claim.lua', MODEL, [
    [
      'nobody is told of the start of an attempt',
      "        save(run, r, 'worker', consumer)\n        tell(run, r)\n",
      "        save(run, r, 'worker', consumer)\n",
    ],
  ]),
  ...mutantsOf('runtime/queue/scripts/turn_settle.lua', MODEL, [
    ['nobody is told that a run waits for its retry', '    tell(run, r)\n    if kind', '    if kind'],
    ['nobody is told of a success', "  tell(run, r)\n  count(r.fn, 'done')", "  count(r.fn, 'done')"],
  ]),
  ...mutantsOf('runtime/queue/scripts/turn_settle.lua', CHANGES, [
    [
      'attempts that were handed back count as failed',
      "if kind == 'fail' then count(fn, 'failed') end",
      "count(fn, 'failed')",
    ],
    ['no success is counted', "  count(r.fn, 'done')\n", ''],
  ]),
  ...mutantsOf('runtime/queue/scripts/prelude_tell.lua', CHANGES, [
    ['a broken tally stops the queue', "    if type(total) == 'table' then", '    if false then'],
    ['tallies are kept for ever', "    if total == n then redis.call('PEXPIRE', key, 90000000) end\n", ''],
    [
      'nobody hears that not all was told',
      "    told[TOLD_MAX + 1] = 'more'\n",
      "    told[TOLD_MAX + 1] = 'x y'\n",
    ],
  ]),
  ...mutantsOf('runtime/api/live/hub.ts', HUB, [
    ['what was missed while the connection was cut is not told', 'if (old.length > 0) {', 'if (false) {'],
    ['a reader who comes back is told of nothing', 'if (missed) watcher', 'if (false) watcher'],
    ['a reader is told to be there before it is', 'if (isReady) void open', 'if (true) void open'],
    [
      'who comes during an outage hides its changes from others',
      '      isReady = false\n      lostMs',
      '      lostMs',
    ],
    ['an outage begins when it is noticed', 'lastId - UNNOTICED_MS', 'lastId'],
    ['readers without end', 'if (isClosed || watchers.size >= maxWatchers)', 'if (isClosed)'],
  ]),
  ...mutantsOf('runtime/queue/changes.ts', SUBSCRIPTION, [
    [
      'a connection that was cut without a word is never missed',
      'checks = setInterval(check, CHECK_MS).unref()',
      'checks = undefined',
    ],
    ['nobody is told that the subscription is lost', 'if (isOn) onLost()', 'if (false) onLost()'],
  ]),
  ...mutantsOf('runtime/api/live/event-stream.ts', STREAM, [
    [
      'a reader that does not read fills the memory',
      '    if ((controller?.desiredSize ?? 0) < 0) end()\n',
      '',
    ],
    ['a reader that is gone is told for ever', '      cancel: release,\n', ''],
  ]),
  ...mutantsOf('runtime/api/live/routes.ts', ROUTES, [
    [
      'a look at the headers takes a place for ever',
      "    if (c.req.method === 'HEAD') return c.body(null, 200, EVENT_STREAM_HEADERS)\n    const { about",
      '    const { about',
    ],
  ]),
  ...mutantsOf('runtime/worker/onlookers.ts', ONLOOKERS, [
    ['progress is stored each second though nobody looks on', 'if (!isAny && runs.size === 0) return\n', ''],
    ['lines are published though nobody listens', '    if (!runs.has(claim.runId)) continue\n', ''],
    [
      'progress is stored again though it has not moved',
      'progress !== storedProgress',
      'progress !== undefined',
    ],
    ['attempts of milliseconds are asked about', 'inFlight.olderThan(YOUNG_MS)', 'inFlight.all()'],
  ]),
  ...mutantsOf('runtime/api/live/service.ts', ROUTES, [
    [
      'a browser asks for ever after a run that has ended',
      'if (wasTold(first, sinceId)) return undefined\n',
      '',
    ],
  ]),
]
