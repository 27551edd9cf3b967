-- The first step of a turn (turn.lua): settles attempts that have ended.
-- KEYS  1 prefix
-- ARGV  those of turn.lua, of which it reads the `s` settlements
-- Returns nothing: leaves `settled` for the reply

-- Success is the usual case, so its writes are combined for the whole turn. Stream entries are removed last; one that stays
-- because of an error belongs to no run any more, and goes when its lease has expired.
local ended, left = {}, {}
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
  tell(run, r)
  count(r.fn, 'done')
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
    tell(run, r)
    if kind == 'fail' then count(fn, 'failed') end
    return noted('retrying', kind == 'fail' and 'failed' or 'released')
  end
  finish(run, r, kind, t, 'reason', reason, 'error', err, 'lines', lines)
  return noted(kind, kind)
end

local settled = {}
for i = 1, s do settled[i] = settle() end
many('ZADD', P .. 'ended', ended)
for key, entries in pairs(left) do
  many('XACK', key, entries, GROUP)
  many('XDEL', key, entries)
end
