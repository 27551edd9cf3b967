-- One turn of a worker: settles finished attempts and claims new ones. May be sent again with the same token:
-- settlements that were applied return the state they led to, and the claimed runs are the same.
-- KEYS  1 prefix
-- ARGV  1 consumer  2 token of this turn  3 its slot, of the two turns that may be under way
--       4 attempts in progress in this worker, and those that a turn under way may have claimed
--       5 1 to read all streams, not only the `ready` ones
--       s, then s times: run, fence, token, kind, reason, error, lines, delay in ms, max attempts, result
--         (with complete, reason and error are debts that are due now: of results, of the source; lines is what the fence was asked
--         of a verdict, '' unless none was known there, so that none was looked for)
--         kind  complete | fail | bury | release | isolate | superseded | source-gone | cancelled,
--           or unreadable: its payload is, for the reason given, so it is set aside and forgotten
--       f, then f times: function, free slots, how many of them go to the low lane first
--       w, then w functions: the words that woke this worker
-- Returns {{state that each settlement led to, or 'fenced'}, {claimed: run, function, fence, lane, attempts, epoch, payload, trigger,
--          createdAt, queuedAt, now}, {streams that could not be read, with the error}, 1 when nothing is left that it could take}
local consumer, token = ARGV[1], ARGV[2]
local slot, inFlight, looksAtAll = ARGV[3], tonumber(ARGV[4]), ARGV[5] == '1'
local isIdle = inFlight == 0
local s = tonumber(ARGV[6])
local p = 7
local t = now()

-- In steps, as Lua can unpack only a limited number of values.
local function many(command, key, values, ...)
  for from = 1, #values, 1000 do
    local head = { ... }
    for i = from, math.min(from + 999, #values) do head[#head + 1] = values[i] end
    redis.call(command, key, unpack(head))
  end
end

-- For a while this worker prefers other lanes: it must not be kept busy with files that kill workers, nor with waiting to be idle
-- for one.
local function rest(ms) redis.call('SET', P .. 'solo:rest:' .. consumer, 1, 'PX', ms) end
local REST_MS, ALONE_MS = 10000, 60000

-- Success is the usual case, so its writes are combined for the whole turn. Stream entries are removed last; one that stays
-- because of an error belongs to no run any more, and goes when its lease has expired.
local ended, left = {}, {}
-- Functions for which this worker's place among those that wait is written again.
local isTouched = {}
local function succeed(run, r, result)
  r.state, r.at = 'succeeded', t
  -- An earlier attempt, or a stream of another type, may have left texts.
  local isTold = r.fence ~= '1' or r.hasTexts
  dropProgress(run, r)
  if isTold then save(run, r, 'result', result, 'entry', '', 'reason', '', 'error', '', 'lines', '')
  else save(run, r, 'result', result, 'entry', '') end
  close(run, r.object)
  ended[#ended + 1] = t
  ended[#ended + 1] = run
  local key = stream(r.fn, r.lane)
  left[key] = left[key] or {}
  table.insert(left[key], r.entry)
  return 'succeeded'
end

local function settle()
  local run, fence, mine, kind = ARGV[p], ARGV[p + 1], ARGV[p + 2], ARGV[p + 3]
  local reason, err, lines = ARGV[p + 4], ARGV[p + 5], ARGV[p + 6]
  local delayMs, maxAttempts, result = tonumber(ARGV[p + 7]), tonumber(ARGV[p + 8]), ARGV[p + 9]
  p = p + 10
  local r = load(run, 'fn', 'entry', 'object')
  if not r or r.fence ~= fence or r.token ~= tokenOf(mine) then return 'fenced' end
  if r.state ~= 'running' then return r.state end
  local fn, lane, entry = r.fn, r.lane, r.entry
  -- Four times as long as this run has kept others away.
  if lane == 'solo' then rest(math.max(REST_MS, 4 * math.min(t - (r.startedAt or t), ALONE_MS))) end
  -- The old entry goes last: an error before that leaves it to be reclaimed.
  local function leave(newState)
    drop(fn, lane, entry)
    return newState
  end
  if kind == 'unreadable' then
    giveUp(run, reason)
    return leave('fenced')
  end
  if kind == 'complete' then
    if reason ~= '' then owe(reason, t) end
    if err ~= '' then owe(err, t) end
    -- Noted since: its writer may have looked for a result before this one stood.
    if lines ~= '' and verdictAt(lines) ~= '' then owe(outdatedDebt(run, fence), t) end
    return succeed(run, r, result)
  end
  local function noted(newState, outcome)
    note(run, r, outcome, err ~= '' and err or reason, lines, t)
    return leave(newState)
  end
  -- A run that was cancelled while it ran does not start again. And a cancellation that was meant for an earlier attempt ends
  -- nothing.
  if r.isCancelled and (kind == 'release' or kind == 'fail' or kind == 'isolate') then kind = 'cancelled' end
  if not r.isCancelled and kind == 'cancelled' then kind = 'release' end
  if kind == 'isolate' or kind == 'release' and delayMs == 0 then
    enqueue(run, r, fn, kind == 'isolate' and 'solo' or lane, t, 'reason', reason, 'error', err, 'lines', lines)
    wakeFor(fn, 1, consumer)
    isTouched[fn] = true
    return noted('queued', 'released')
  end
  if kind == 'fail' or kind == 'bury' then
    r.attempts = r.attempts + 1
    if kind == 'bury' or r.attempts >= maxAttempts then
      local why = kind == 'bury' and reason or 'exhausted'
      bury(run, r, fn, why, t, 'reason', why, 'error', err, 'lines', lines)
      return noted('dead', 'dead')
    end
  end
  if kind == 'fail' or kind == 'release' then
    -- A run that is marked superseded learns at once from the store whether it is.
    r.state, r.at = 'retrying', r.hint and t or t + delayMs
    redis.call('ZADD', P .. 'delay', r.at, run)
    save(run, r, 'entry', '', 'reason', reason, 'error', err, 'lines', lines)
    return noted('retrying', kind == 'fail' and 'failed' or 'released')
  end
  finish(run, r, kind, t, 'reason', reason, 'error', err, 'lines', lines)
  return noted(kind, kind)
end

local function describe(run, r)
  return { run, r.fn, r.fence, r.lane, r.attempts, r.epoch, payloadText(run, r), r.trigger, r.createdAt, r.queuedAt or t, t,
    r.generation or '' }
end

local settled = {}
for i = 1, s do settled[i] = settle() end
many('ZADD', P .. 'ended', ended)
for key, entries in pairs(left) do
  many('XACK', key, entries, GROUP)
  many('XDEL', key, entries)
end

local lastKey = P .. 'turn:' .. consumer .. ':' .. slot
local last = redis.call('LRANGE', lastKey, 0, -1)
local claimed = {}
if last[1] == token then
  for i = 2, #last do
    local r = load(last[i], 'fn', 'entry', 'generation', 'p0', 'p1', 'p2')
    if r and r.state == 'running' and r.token == tokenOf(token) then
      redis.call('XCLAIM', stream(r.fn, r.lane), GROUP, consumer, 0, r.entry, 'JUSTID')
      claimed[#claimed + 1] = describe(last[i], r)
    end
  end
  return { settled, claimed, {}, 0 }
end

local failures = {}
local function read(key, count)
  local reply = redis.pcall('XREADGROUP', 'GROUP', GROUP, consumer, 'COUNT', count, 'STREAMS', key, '>')
  if reply and reply.err and string.find(reply.err, 'NOGROUP', 1, true) then
    redis.call('XGROUP', 'CREATE', key, GROUP, 0, 'MKSTREAM')
    reply = redis.call('XREADGROUP', 'GROUP', GROUP, consumer, 'COUNT', count, 'STREAMS', key, '>')
  end
  if reply and reply.err then failures[#failures + 1] = key .. ': ' .. reply.err end
  if reply and reply.err then return {}, false end
  local entries = reply and reply[1][2] or {}
  return entries, #entries < count
end

local ready = {}
for _, fn in ipairs(redis.call('SMEMBERS', P .. 'ready')) do ready[fn] = true end
local function mayHave(fn) return looksAtAll or ready[fn] end

-- Claims up to `count` runs of one stream, starts them and returns how many; entries that belong to no queued run are dropped.
local function take(want, lane, count)
  local fn, started = want.fn, 0
  while mayHave(fn) and started < count and not want.isRead[lane] do
    local entries, isEnd = read(stream(fn, lane), count - started)
    want.isRead[lane] = isEnd
    for _, item in ipairs(entries) do
      local entry, run = item[1], item[2][2]
      local r, broken = load(run, 'fn', 'object', 'entry', 'generation', 'p0', 'p1', 'p2')
      if r and r.state == 'queued' and r.entry == entry and r.lane == lane and r.fn == fn then
        dropProgress(run, r)
        r.state, r.fence, r.token, r.startedAt, r.hint = 'running', tostring(r.fence + 1), tokenOf(token), t, nil
        save(run, r, 'worker', consumer)
        claimed[#claimed + 1] = describe(run, r)
        started = started + 1
      else
        if broken then giveUp(run, broken) end
        drop(fn, lane, entry)
      end
    end
    if #entries == 0 then break end
  end
  want.claimed = want.claimed + started
  if started > 0 then isTouched[fn] = true end
  return started
end

local wanted, wantOf = {}, {}
for i = 1, tonumber(ARGV[p]) do
  local at = p + 1 + (i - 1) * 3
  wanted[i] = { fn = ARGV[at], free = tonumber(ARGV[at + 1]), low = tonumber(ARGV[at + 2]), claimed = 0, isRead = {} }
  wantOf[ARGV[at]] = wanted[i]
end
p = p + 1 + #wanted * 3

local function takeWork()
  for _, want in ipairs(wanted) do
    local free = want.free
    free = free - take(want, 'low', math.min(want.low, free))
    free = free - take(want, 'live', free)
    take(want, 'low', free)
  end
end

-- A run that may have killed its worker gets a worker to itself: an idle one takes it, and nothing else.
local function takeSolo()
  for _, want in ipairs(wanted) do
    if take(want, 'solo', 1) > 0 then
      rest(REST_MS)
      return
    end
  end
end

local function isSoloWaiting()
  local isAny = false
  for _, want in ipairs(wanted) do
    local length = mayHave(want.fn) and redis.pcall('XLEN', stream(want.fn, 'solo')) or 0
    if type(length) == 'table' then
      failures[#failures + 1] = stream(want.fn, 'solo') .. ': ' .. length.err
    elseif length > 0 then
      local pending = redis.pcall('XPENDING', stream(want.fn, 'solo'), GROUP)
      want.isSolo = length > (pending.err and 0 or pending[1])
    end
    isAny = isAny or want.isSolo
  end
  return isAny
end

-- The first busy worker that sets `solo` claims nothing more until it is idle.
local function holdsBack()
  if redis.call('SET', P .. 'solo', consumer, 'NX', 'PX', 60000) then return true end
  if redis.call('GET', P .. 'solo') ~= consumer then return false end
  redis.call('PEXPIRE', P .. 'solo', 60000)
  return true
end

local takesWork = true
if #wanted > 0 and isSoloWaiting() then
  local isResting = redis.call('EXISTS', P .. 'solo:rest:' .. consumer) == 1
  if isIdle and not isResting then takeSolo() end
  if isIdle and redis.call('GET', P .. 'solo') == consumer then redis.call('DEL', P .. 'solo') end
  takesWork = #claimed == 0 and (isIdle or isResting or not holdsBack())
  if takesWork then takeWork() end
  if #claimed == 0 and isIdle then takeSolo() end
else
  takeWork()
end

if #claimed > 0 then
  redis.call('DEL', lastKey)
  local runs = { token }
  for _, item in ipairs(claimed) do runs[#runs + 1] = item[1] end
  many('RPUSH', lastKey, runs)
  redis.call('PEXPIRE', lastKey, 600000)
end

-- Of live and low runs; one that wants a worker to itself may have to wait for another worker.
local function isDrained(want)
  return not mayHave(want.fn) or want.isRead.live and want.isRead.low
end
for _, want in ipairs(wanted) do
  local isLeft = not isDrained(want) or want.isSolo
  if isLeft and not ready[want.fn] then markReady(want.fn)
  elseif ready[want.fn] and not isLeft then redis.call('SREM', P .. 'ready', want.fn) end
end

-- A word about what this worker could not take is handed on. It goes round no longer than there are workers that wait.
local words = {}
for i = p + 1, p + tonumber(ARGV[p]) do
  words[ARGV[i]] = (words[ARGV[i]] or 0) + 1
  isTouched[ARGV[i]] = true
end
for fn, count in pairs(words) do
  local want = wantOf[fn]
  local isLeft = ready[fn]
  if want then isLeft = not isDrained(want) end
  if isLeft then wakeFor(fn, count - (want and want.claimed or 0), consumer) end
end

-- What it could take and is drained, it waits for from now on: the next work finds it there, by its attempts in progress. `waits`
-- is what this worker is known to wait for, so that only what has changed is written. The turn that looks at all writes all, and so
-- does one that only looks, where the number of attempts has changed.
local takesMore = takesWork and not (claimed[1] and claimed[1][4] == 'solo')
local waitsKey = P .. 'waits:' .. consumer
local known = not looksAtAll and redis.call('GET', waitsKey) or ''
local busy, before = string.match(known, '^(%d+)(,.*)$')
local busyNow = string.format('%d', inFlight + #claimed)
local isAll = not busy or s + #claimed == 0 and next(words) == nil and busy ~= busyNow
local waits = { isAll and busyNow or busy }
local hasMore = not takesMore and #wanted > 0
for _, want in ipairs(wanted) do
  local isFree = want.free > want.claimed
  local isWaiting = takesMore and isFree and isDrained(want)
  local wasWaiting = not isAll and string.find(before, ',' .. want.fn .. ',', 1, true) ~= nil
  if isWaiting then waits[#waits + 1] = want.fn
  elseif isFree then hasMore = true end
  if isWaiting and (isAll or not wasWaiting or isTouched[want.fn]) then
    redis.call('ZADD', P .. 'idle:' .. want.fn, busyNow, consumer)
    if isAll then redis.call('PEXPIRE', P .. 'idle:' .. want.fn, 60000) end
  elseif not isWaiting and (isAll or wasWaiting or isTouched[want.fn]) then
    redis.call('ZREM', P .. 'idle:' .. want.fn, consumer)
  end
end
local text = table.concat(waits, ',') .. ','
if text ~= known then redis.call('SET', waitsKey, text, 'PX', 60000) end
return { settled, claimed, failures, hasMore and 0 or 1 }
