/** The sweep, the janitor, what is cleaned away, and the scripts they need, without one of their guards each. @module */
import { mutantsOf, type Mutant } from './mutant.ts'

const DECIDE = ['test/unit/upkeep/sweep/decide.test.ts']
const DUE = ['test/unit/upkeep/sweep/due.test.ts']
const ASKS = ['test/integration/asks.test.ts']
const MAKE = ['test/integration/make.test.ts']
const SWEEP = ['test/integration/sweep.test.ts']
const TROUBLE = ['test/integration/sweep-trouble.test.ts']
const FINDINGS = ['test/integration/sweep-findings.test.ts']
const CLEANUP = ['test/integration/cleanup.test.ts']
const DEBTS = [...CLEANUP, 'test/integration/owed-verdicts.test.ts', 'test/integration/queue-rerun.test.ts']
const JANITOR = ['test/integration/janitor.test.ts']
const SUCCESS = ['test/integration/queue-success.test.ts']
const TURN = [...SUCCESS, 'test/integration/queue-turn.test.ts']
const LANES = [...SUCCESS, 'test/integration/queue-repair.test.ts', 'test/integration/queue-rerun.test.ts']

export const SWEEP_MUTANTS: readonly Mutant[] = [
  ...mutantsOf('runtime/upkeep/sweep/asks.ts', ASKS, [
    [
      'a request that is not acknowledged yet is carried out',
      'if (nowMs - ask.lastModifiedMs < parts.graceMs) {',
      'if (false) {',
    ],
    [
      'an older result is the end of a request',
      'result?.run === runId && result.epoch >= askedAtMs',
      'result?.run === runId',
    ],
    ['a request is forgotten while its run waits', 'isDone: !isOneOpen && ', 'isDone: '],
    ['a request that Redis lost is forgotten', '!haveEnded[index]', 'false'],
    ['a request is forgotten that Redis loses while it is judged', '&& isStillKnown', ''],
    ['a request begins with the records that are old enough', 'if (unfinished.has(id)) continue', ''],
    [
      'a request for a function of another machine is forgotten',
      'if (!definition) return false',
      'if (!definition) return true',
    ],
    [
      'a run that was admitted without the options of a lost request goes on without them',
      'if (!job && isFromBefore) missing.push(item)',
      '',
    ],
    [
      'what was cancelled comes back',
      "if (job?.status === 'cancelled') return { isDone: true, missing: [] }",
      '',
    ],
  ]),
  ...mutantsOf('runtime/queue/scripts/rerun.lua', ASKS, [
    [
      'a run that opens while a lost request is restored keeps the request out',
      "if not (isForced or stale) then return 'busy' end",
      "if not isForced then return 'busy' end",
    ],
    [
      'a lost request that is restored takes the place of a newer one',
      "if r and r.epoch >= stale then return 'ended' end",
      '',
    ],
  ]),
  ...mutantsOf('runtime/records/asks.ts', ASKS, [
    [
      'half of a request that could not be written is carried out later',
      'await withdraw(job).catch(() => undefined)',
      '',
    ],
    [
      'a withdrawn request leaves its bytes and a delete marker',
      'await storage.remove(METADATA_BUCKET, key, { versionId })',
      'await storage.remove(METADATA_BUCKET, key)',
    ],
    ['runs of a request lose their options', '...(options && { options })', ''],
    ['each record is read each minute', 'if (known?.etag === etag) {', 'if (false) {'],
  ]),
  ...mutantsOf('runtime/upkeep/sweep/heal.ts', FINDINGS, [
    [
      'a run that is taken up again loses the options of its request',
      "...(seenEpoch === 'none' && { payload })",
      '...{ payload }',
    ],
  ]),
  ...mutantsOf('runtime/upkeep/sweep/examine.ts', FINDINGS, [
    [
      'a superseded run that only a request had asked for stays superseded',
      'decided = await mapSome([...meant, ...resumable],',
      'decided = await mapSome([...meant],',
    ],
  ]),
  ...mutantsOf('runtime/api/reprocess/service.ts', ASKS, [
    ['a request is kept in Redis alone', 'await parts.asks.write(id, await parts.nowMs(), job)', ''],
    ['a refused request is carried out later', 'await parts.asks.withdraw(id).catch(() => undefined)', ''],
  ]),
  ...mutantsOf('runtime/upkeep/sweep/examine.ts', MAKE, [
    [
      'metadata that a listing does not have ask for nothing',
      'if (!needsMetadata(router, bucket, listed)) return listed',
      'return { ...listed, latest: { ...listed.latest, metadata: listed.latest.metadata ?? {} } }',
    ],
  ]),
  ...mutantsOf(
    'runtime/storage/list.ts',
    ['test/unit/storage/list.test.ts'],
    [['a name in metadata hides other keys', 'withMetadata ? withPlainMetadata(text) : text', 'text']],
  ),
  ...mutantsOf('runtime/upkeep/cleanup.ts', CLEANUP, [
    [
      'a source goes before what its metadata ask for',
      'router({ ...payload, make: makeOf(head.metadata) })',
      'routes',
    ],
    [
      'a function that a request has run removes no source',
      "if (run?.state === 'succeeded') meant.push(route)",
      '',
    ],
    [
      'a source goes before what a request asks for',
      "if (await isRequested(run.payload)) return 'too early'",
      '',
    ],
  ]),
  ...mutantsOf('runtime/upkeep/sweep/decide.ts', DECIDE, [
    ['the sweep comes before the event', 'nowMs - lastModifiedMs < graceMs', 'false'],
    [
      'what is older than the function is run',
      'const isOld = lastModifiedMs < watermarkMs',
      'const isOld = false',
    ],
    ['what was run on request counts as never run', 'if (isOld && !facts.isExact)', 'if (isOld)'],
    [
      'a removed result is made again',
      'if (isPastKeeping(facts)) return LEAVE\n  if (!vacancy)',
      'return LOST\n  if (!vacancy)',
    ],
    ['a success without a trace counts as removed', ' || !isTraced(facts, vacancy)', ''],
    [
      'the removal of another result hides an upload',
      "if (hidden !== 'unknown') return hidden === 'own'",
      "if (hidden === 'own') return true",
    ],
    ['a removal that was announced hides an upload', ' && lastModifiedMs < decidedBeforeMs', ''],
    [
      'an upload of any way is run',
      "if (!facts.isEventKnown) return { kind: 'report', reason: 'event-unknown' }",
      '',
    ],
    [
      'an older result counts as a newer one',
      'if (result && result.lastModifiedMs > lastModifiedMs) return RESTORED',
      'if (result) return RESTORED',
    ],
  ]),
  ...mutantsOf('runtime/upkeep/sweep/due.ts', DUE, [
    ['a mark of a clock that was wrong holds', 'pass.startedAtMs <= nowMs', 'true'],
    [
      'a pass begins while one has just failed',
      'if (failed && !isStarting',
      'if (false && failed && !isStarting',
    ],
    ['a large bucket is listed without end', 'Math.max(wantedMs, REST * ', 'Math.min(wantedMs, REST * '],
    ['nothing overlaps with the pass before', 'lastMs - SLACK_MS - graceMs', 'lastMs'],
    [
      'results follow deletes of long ago',
      '...(full && { deletesSinceMs:',
      '...({ deletesSinceMs: 0 }) as object, ...(full && false && { deletesSinceMs:',
    ],
    ['a pass about a part looks at all runs', 'at: isWhole ?', 'at: isWhole || true ?'],
  ]),
  ...mutantsOf(
    'runtime/upkeep/sweep/examine.ts',
    [...FINDINGS, ...TROUBLE],
    [
      ['a recent pass looks at all', 'latest.lastModifiedMs >= scope.sinceMs', 'true'],
      [
        'a record that cannot be read ends the pass',
        'if (!isPermanent(error)) throw error\n      const { functionName',
        'throw error\n      const { functionName',
      ],
      [
        'a refusal by Redis, such as a key of another type, begins the pass again for ever',
        'if (error instanceof Error && isRefusedByRedis(error)) return true',
        '',
      ],
    ],
  ),
  ...mutantsOf(
    'runtime/upkeep/sweep/examine.ts',
    [...FINDINGS, ...TROUBLE],
    [
      [
        'a version with older ones is not compared',
        'isThorough: scope.isThorough || hasOlder',
        'isThorough: scope.isThorough',
      ],
      ["another version's announcement counts", ' && generation === payload.generation', ''],
      ["the sweep's own announcement counts", " && path !== 'sweep'", ''],
      [
        'a listing is believed though a newer version has come',
        ".kind === 'same' ? decision",
        ".kind !== 'gone' ? decision",
      ],
    ],
  ),
  ...mutantsOf('runtime/upkeep/sweep/lost-deletes.ts', FINDINGS, [
    ['a delete is followed before its event', 'nowMs - lastModifiedMs < graceMs', 'false'],
    ['results go of functions that keep them', "if (definition.onDelete !== 'remove') continue", ''],
    [
      'a result goes whose source the runtime removed',
      'if (await queue.isConsumed(',
      'if (false && await queue.isConsumed(',
    ],
    [
      'a source that may have been consumed counts as deleted',
      "!mismatch && definition.afterSuccess === 'remove'",
      'false',
    ],
    [
      'a result of which no versions are kept goes',
      '!result || !areVersioned(',
      '!result || false && !areVersioned(',
    ],
    ['a delete of long ago is followed', 'lastModifiedMs >= deletesSinceMs', 'true'],
  ]),
  ...mutantsOf(
    'runtime/upkeep/sweep/heal.ts',
    [...FINDINGS, ...SWEEP],
    [
      ['what was admitted by another is counted too', 'isNew(outcomes[index]) && count', 'count'],
      ['a debt that was owed already is counted', 'if (areNew[index]) healed', 'healed'],
      ['a dry run counts a lost place twice', "mode === 'try-objects' ? []", 'false ? []'],
      ['a dry run heals', "const isDry = mode !== 'heal'", 'const isDry = false'],
      ['what the sweep takes up outdates nothing', 'marks: runs.map(', 'marks: runs.slice(0, 0).map('],
    ],
  ),
  ...mutantsOf('runtime/upkeep/sweep/pass.ts', TROUBLE, [
    ['a pass that continues starts with the first bucket', '.filter((name) => name >= at.bucket)', ''],
    [
      'a pass that continues leaves out keys of the next bucket',
      'bucket === at.bucket ? at.after : undefined',
      'at.after',
    ],
    [
      'a pass that continues looks at all runs again',
      'throughRuns(parts, pass, pass.at.cursor,',
      "throughRuns(parts, pass, '0',",
    ],
    [
      'a bucket that is refused ends the pass',
      '      if (!isPermanent(error)) throw error\n',
      '      throw error\n',
    ],
  ]),
  ...mutantsOf(
    'runtime/queue/sweeps.ts',
    [...TROUBLE, ...SWEEP],
    [
      ['a pass about a part is a mark', 'isAboutAll(pass) ? marksOf(', 'true ? marksOf('],
      ['a pass that has failed is a mark', "if (failure !== undefined) return [['failed', text]]", ''],
      [
        'a request that is fulfilled waits on',
        "if (pass.cause === 'request') commands.hdel",
        'if (false) commands.hdel',
      ],
      ['the same request waits twice', 'if (same) return same', ''],
      ['requests without end', 'if (requests.length >= MAX_REQUESTS) return undefined', ''],
      ['passes that nobody asked for push out the others', 'own.slice(0, REMEMBERED)', 'own'],
    ],
  ),
  ...mutantsOf(
    'runtime/upkeep/sweep/sweeper.ts',
    [...TROUBLE, ...SWEEP],
    [
      [
        'a process continues the pass of another',
        '!(await lock.hold()) || !(await store.save(pass))',
        '!(await store.save(pass))',
      ],
      [
        'a process continues a pass that Redis has forgotten',
        '!(await lock.hold()) || !(await store.save(pass))',
        '(await store.save(pass), !(await lock.hold()))',
      ],
      ['a long batch loses the lock', 'void lock.hold().catch', 'void Promise.resolve(true).catch'],
      [
        'a server that came back is looked at for ever',
        'if (isAboutAll(pass)) wants.isRecentWanted = false',
        '',
      ],
      [
        'what cannot be looked at is tried for ever',
        '      if (!isPermanent(error)) throw error\n',
        '      throw error\n',
      ],
    ],
  ),
  ...mutantsOf(
    'runtime/upkeep/sweep/due.ts',
    ['test/unit/upkeep/sweep/due.test.ts'],
    [
      [
        'a pass does not rest',
        'await sleep(Math.min(performance.now() - beganMs, LONGEST_REST_MS), signal)',
        '',
      ],
      ['a pass cannot be stopped', 'if (signal.aborted) return', ''],
    ],
  ),
  ...mutantsOf('runtime/queue/scripts/save_sweep.lua', SWEEP, [
    [
      'whoever saves last has the pass',
      'if not text or cjson.decode(text).id ~= ARGV[1] then return 0 end',
      'if not text then return 0 end',
    ],
  ]),
  ...mutantsOf('runtime/upkeep/sweep/sweeping.ts', CLEANUP, [
    [
      'an object is examined while a run is in progress',
      "states.some((found) => found?.state === 'running')",
      'false',
    ],
  ]),
]

export const DEBT_MUTANTS: readonly Mutant[] = [
  ...mutantsOf('runtime/upkeep/cleanup.ts', CLEANUP, [
    [
      'a source goes while others still need it',
      'return !(await queue.hasUnfinished(',
      'return !(false && await queue.hasUnfinished(',
    ],
    ['a newer upload is hit in a bucket without versions', 'if (versionId === undefined) {', 'if (false) {'],
    ['the manifest goes before anything is owed', 'await queue.owe(files, FILES_LATER_MS)', ''],
    [
      'nobody is told that the result went',
      "await queue.resultRemoved(runId, 'its source was removed, and so was its result', endedAtMs)",
      '',
    ],
    ['a source that came back is not looked at', "await queue.owe(lookDebt(bucket, key, '', runId), 0)", ''],
    ['a result that was made since goes with its run', 'if (success && !isStanding)', 'if (success)'],
    [
      'a removed result goes though the runtime took its source',
      '!removal || (await queue.isConsumed(',
      '!removal || (false && await queue.isConsumed(',
    ],
    [
      'what the runtime removes needs a look',
      "if (await queue.isConsumed(objectId, removedVersion)) return 'paid'",
      '',
    ],
    ['each removed version is looked at', "if (dueAtMs < (checked.get(objectId) ?? 0)) return 'paid'", ''],
    ['a run that may still commit is not waited for', "if (await isRunning(debt)) return 'too early'", ''],
  ]),
  ...mutantsOf('runtime/upkeep/debts.ts', DEBTS, [
    ['what was paid is owed still', "if (payment === 'paid') await queue.debtPaid(text)", ''],
    ['nothing is ever given up', 'if (isOld && attempts >= LEAST_ATTEMPTS)', 'if (false)'],
    [
      'what is fresh is given up',
      'if (isOld && attempts >= LEAST_ATTEMPTS)',
      'if (attempts >= LEAST_ATTEMPTS)',
    ],
    ['what can never be paid is tried for ever', 'if (error instanceof UnpayableError)', 'if (false)'],
    ['each debt is tried while the store is away', 'away === STORE_IS_AWAY ||', ''],
    [
      'one bucket that refuses holds up the others',
      "&& !isStorageCode(error, 'NoSuchBucket', 'AccessDenied')",
      '',
    ],
    ['the first debts of others are looked at again and again', '      passed = claimed.passed\n', ''],
  ]),
  ...mutantsOf('runtime/queue/scripts/claim_debts.lua', DEBTS, [
    ['a debt is claimed before it is due', "'-inf', t, 'WITHSCORES'", "'-inf', '+inf', 'WITHSCORES'"],
    ['several processes pay the same', "redis.call('ZADD', P .. 'tidy', 'XX', t + claimMs, text)", ''],
    ["another process's debts are taken at once", "need == '' or dueAt <= t - waitMs", 'true'],
    ["another process's debts stay for ever", "need == '' or dueAt <= t - waitMs", "need == ''"],
    [
      'verdicts of an older version are forgotten',
      "for _, run in ipairs(redis.call('SRANDMEMBER', P .. 'verdicts', 100)) do adopt(run, t) end",
      '',
    ],
    ['attempts of an older version are forgotten', "r.verdictTries .. ' ' .. (r.at or t)", "'0 ' .. t"],
  ]),
  ...mutantsOf('runtime/queue/scripts/put_off_debt.lua', DEBTS, [
    [
      "another's claim is given back",
      'if not dueAt or tonumber(dueAt) ~= tonumber(ARGV[2]) then return 0 end',
      '',
    ],
  ]),
  ...mutantsOf(
    'runtime/queue/lock.ts',
    ['test/integration/queue-lock.test.ts'],
    [
      ['a lock is not kept', 'await redis.pexpire(key, ms)', ''],
      ["another's lock is mine", 'if ((await redis.get(key)) !== owner) return false', ''],
      ['a lock is for ever', "'PX', ms, 'NX'", "'NX'"],
    ],
  ),
  ...mutantsOf(
    'runtime/queue/backlog.ts',
    ['test/integration/queue-lock.test.ts'],
    [
      [
        'only the first thousand run',
        'if (!last || rows.length < STEP) return runIds',
        'if (last || !last) return runIds',
      ],
    ],
  ),
  ...mutantsOf('runtime/upkeep/janitor/janitor.ts', JANITOR, [
    [
      'a folder is removed while its run is in progress',
      'if ((await runningOf(owner)).has(found.folder)) return',
      '',
    ],
    [
      'a bucket begins behind the last key of the one before',
      'bucket: next, after: gathered.after }',
      'bucket: next, after: gathered.after ?? after }',
    ],
    [
      'the janitor does not rest',
      'if (bucket === undefined && restsUntilMs >',
      'if (false && restsUntilMs >',
    ],
    [
      'any run keeps every folder',
      '(await runningOf(owner)).has(found.folder)',
      '(await runningOf(owner)).size > 0',
    ],
    [
      'folders of functions elsewhere go',
      'name === functionName && outputBucket === bucket',
      'name === functionName',
    ],
    ['uploads go that look like results', '!HAS_AT.test(folder)', 'false'],
    ['two janitors at a time', 'if (!(await lock.hold())) return', ''],
  ]),
  ...mutantsOf(
    'runtime/upkeep/janitor/folders.ts',
    ['test/unit/upkeep/janitor/folders.test.ts'],
    [
      ['a step stops within a folder', 'count >= limit && !isOfOpen', 'count >= limit'],
      ['a folder is as old as its first file', 'Math.max(open.newestMs, lastModifiedMs)', 'open.newestMs'],
    ],
  ),
  ...mutantsOf('runtime/upkeep/janitor/folders.ts', JANITOR, [
    [
      'a folder goes that has a young file',
      'if (nowMs - row.lastModifiedMs <= ages.folderMs) return undefined',
      '',
    ],
    [
      'a manifest that has just come is not seen',
      'if (!needless) return undefined',
      'if (at === 0 && !needless) return undefined',
    ],
    [
      'who reads the result before is not waited for',
      'if (newest && nowMs - newest.lastModifiedMs <= ages.folderMs) return undefined',
      '',
    ],
    ['a manifest that nobody can read names nothing', "if (current.identity === 'foreign' || ", 'if ('],
  ]),
  ...mutantsOf('runtime/queue/scripts/turn_settle.lua', TURN, [
    ['entries of successes stay pending', "  many('XACK', key, entries, GROUP)\n", ''],
    ['entries of successes stay in their stream', "  many('XDEL', key, entries)\n", ''],
    ['a success keeps the error before it', 'if isTold then save', 'if false then save'],
    ['a success leaves its run open', '  close(run, r.object)\n', ''],
    ['a success is not among the ended', '  ended[#ended + 1] = t\n  ended[#ended + 1] = run\n', ''],
  ]),
  ...mutantsOf('runtime/queue/scripts/turn_claim.lua', TURN, [
    [
      'an attempt inherits what the one before was told',
      'tokenOf(token), t, nil',
      'tokenOf(token), t, r.hint',
    ],
    [
      'an entry in another lane starts its run',
      'r.entry == entry and r.lane == lane and',
      'r.entry == entry and',
    ],
  ]),
  ...mutantsOf('runtime/queue/scripts/reclaim.lua', LANES, [
    ['an entry of another lane loses its run', 'r.entry ~= entry or r.lane ~= lane', 'r.entry ~= entry'],
  ]),
  ...mutantsOf(
    'runtime/queue/scripts/prelude_queue.lua',
    [...TURN, ...CLEANUP],
    [
      [
        'a run that was marked is never closed',
        "if put('SREM', P .. 'open:' .. object, run) == 0 then put('SREM', P .. 'marked:' .. object, run) end",
        "put('SREM', P .. 'open:' .. object, run)",
      ],
    ],
  ),
  ...mutantsOf(
    'runtime/queue/scripts/repair.lua',
    ['test/integration/queue-repair.test.ts'],
    [
      ['nobody is woken for what is healed', 'for fn, count in pairs(woken) do wakeFor(fn, count) end', ''],
      ['a dry repair heals', "if isDry then return 'stream-entry' end", ''],
    ],
  ),
]
