-- Moves due retries back into their streams.
-- KEYS  1 prefix
-- ARGV  1 how many at most
-- Returns {how many, Redis's clock in ms}
local t = now()
local due = redis.call('ZRANGEBYSCORE', P .. 'delay', '-inf', t, 'LIMIT', 0, tonumber(ARGV[1]))
local woken = {}
for _, run in ipairs(due) do
  local v = redis.call('HMGET', runKey(run), 'state', 'fn', 'lane')
  if v[1] == 'retrying' then
    woken[v[2]] = (woken[v[2]] or 0) + 1
  end
  redis.call('ZREM', P .. 'delay', run)
  if v[1] == 'retrying' then enqueue(run, v[2], v[3], t) end
end
for fn, count in pairs(woken) do wakeFor(fn, count) end
return { #due, t }
