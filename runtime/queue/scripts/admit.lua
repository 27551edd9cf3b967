-- Turns notifications into runs: stores the runs, sets malformed ones aside, and trims the list last.
-- Does nothing unless the head of the list still is the texts that were read. n = 0 admits runs without a notification.
-- KEYS  1 prefix
-- ARGV  1 paths: how many targets announce each event  2 pass of the sweep for which this heals ('' for none)
--       3 intake that read the notifications ('' for none)
--       n, then n raw notifications as read from the head of `in`
--       j, then j times: run, function, object, generation, event id, lane, trigger, payload
--       m, then m times: object, generation that stays, the only one that goes ('' for all others), hint
--       b, then b times: raw, reason
--       d, then d times: debt that is due now
--       ttl in ms, e, then e times: object, announcement (JSON)
-- Returns {1, outcome of each run: new | unplaced (new, but its stream's key is of another type) | copy | duplicate | lifted,
--          of each debt 1 when it is new, 0 when it was owed already, notifications left}, or {0} when the head has changed
local paths = tonumber(ARGV[1])
local pass, intake = ARGV[2], ARGV[3]
local list = P .. 'in'
local p = 4
local function nextArg()
  local value = ARGV[p]
  p = p + 1
  return value
end
local n = tonumber(nextArg())
-- One by one: the texts that are there now may have any length.
for i = 1, n do
  if redis.call('LINDEX', list, i - 1) ~= nextArg() then return { 0 } end
end

local j = tonumber(nextArg())
local t = now()
local outcomes = {}
local woken = {}
local added = 0
for i = 1, j do
  local run, fn, object, generation = nextArg(), nextArg(), nextArg(), nextArg()
  local event, lane, trigger, payload = nextArg(), nextArg(), nextArg(), nextArg()
  local known, broken = load(run, 'fn', 'object', 'event', 'entry')
  if broken then giveUp(run, broken) end
  if not known then
    -- The first write is one that a full Redis refuses.
    redis.call('ZADD', P .. 'runs', t, run)
    -- What may be left of a half.
    redis.call('DEL', runKey(run), textKey(run))
    put('SADD', P .. 'open:' .. object, run)
    local r = newRun(t, trigger, 1)
    r.object = object
    local isPlaced = enqueue(run, r, fn, lane, t, 'fn', fn, 'object', object, 'generation', generation,
      'event', event, unpack(piecesOf(payload)))
    outcomes[i] = isPlaced and 'new' or 'unplaced'
    woken[fn] = (woken[fn] or 0) + 1
    added = added + 1
  elseif known.state == 'queued' and known.lane == 'low' and lane == 'live' then
    drop(fn, 'low', known.entry)
    known.copies, known.trigger = 1, 'upload'
    enqueue(run, known, fn, 'live', t, 'event', event, 'asked', '')
    woken[fn] = (woken[fn] or 0) + 1
    outcomes[i] = 'lifted'
  elseif event ~= '' and (not known.event or known.event == event or known.event == '') and known.copies < paths then
    known.copies = known.copies + 1
    save(run, known, 'event', event)
    outcomes[i] = 'copy'
  else
    known.dups = known.dups + 1
    save(run, known)
    outcomes[i] = 'duplicate'
  end
end

-- Marks are only hints: the attempt asks the store. But a run that waits for its retry learns at once that it is superseded.
-- A run is marked once and moves to another set, so that a key which is overwritten all the time costs no more than others.
for _ = 1, tonumber(nextArg()) do
  local object, generation, only, hint = nextArg(), nextArg(), nextArg(), nextArg()
  for _, run in ipairs(look('SMEMBERS', P .. 'open:' .. object) or {}) do
    local marked = load(run, 'generation')
    local isMeant = marked and (only == '' and marked.generation ~= generation or only ~= '' and marked.generation == only)
    if isMeant then
      put('SADD', P .. 'marked:' .. object, run)
      redis.call('SREM', P .. 'open:' .. object, run)
      marked.hint = hint
      save(run, marked)
      if marked.state == 'retrying' then redis.call('ZADD', P .. 'delay', 'XX', t, run) end
    end
  end
end

for _ = 1, tonumber(nextArg()) do
  setAside(nextArg(), nextArg())
end
local owed = {}
local newDebts = 0
for i = 1, tonumber(nextArg()) do
  owed[i] = owe(nextArg(), t)
  newDebts = newDebts + owed[i]
end
countHealed(pass, 'lost-event', added)
countHealed(pass, 'lost-delete', newDebts)
local ttlMs = nextArg()
for _ = 1, tonumber(nextArg()) do
  local key, text = P .. 'events:' .. nextArg(), nextArg()
  -- The second copy follows the first immediately: only its time is new.
  local last = look('LINDEX', key, -1)
  local isCopy = last and string.sub(last, -#text) == text
  if put('RPUSH', key, isCopy and tostring(t) or t .. ' ' .. text) > 40 then redis.call('LTRIM', key, -40, -1) end
  redis.call('PEXPIRE', key, ttlMs)
end
if n > 0 then
  redis.call('LTRIM', list, n, -1)
  haveRead(intake, n)
end
for fn, count in pairs(woken) do wakeFor(fn, count) end
return { 1, outcomes, owed, n > 0 and redis.call('LLEN', list) or -1 }
