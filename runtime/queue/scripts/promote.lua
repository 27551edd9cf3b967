-- Moves due retries back into their streams.
-- KEYS  1 prefix
-- ARGV  1 how many at most
-- Returns {how many, Redis's clock in ms}
local t = now()
local due = redis.call('ZRANGEBYSCORE', P .. 'delay', '-inf', t, 'LIMIT', 0, tonumber(ARGV[1]))
local woken = {}
for _, run in ipairs(due) do
  local r, broken = load(run, 'fn', 'object')
  redis.call('ZREM', P .. 'delay', run)
  if broken then giveUp(run, broken)
  elseif r and r.state == 'retrying' then
    woken[r.fn] = (woken[r.fn] or 0) + 1
    enqueue(run, r, r.fn, r.lane, t)
  end
end
for fn, count in pairs(woken) do wakeFor(fn, count) end
return { #due, t }
