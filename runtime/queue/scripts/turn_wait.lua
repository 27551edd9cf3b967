-- The last step of a turn (turn.lua): passes on words about work that is left, and waits for what has been drained.
-- KEYS  1 prefix
-- ARGV  those of turn.lua, of which it reads the `w` words
-- Returns the reply of turn.lua

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
