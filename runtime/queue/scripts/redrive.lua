-- Runs a dead letter again, from the start and after live uploads.
-- KEYS  1 prefix
-- ARGV  1 run
-- Returns 1, or 0 when the run is not dead
local run = ARGV[1]
local h = runKey(run)
local v = redis.call('HMGET', h, 'state', 'fn', 'letter', 'epoch', 'object')
if v[1] ~= 'dead' then return 0 end
local t = now()
redis.call('HSET', h, 'attempts', 0, 'crashes', 0, 'reason', '', 'letter', '', 'cancel', '', 'trigger', 'redrive',
  'epoch', math.max(tonumber(v[4]) + 1, t))
redis.call('SADD', P .. 'open:' .. v[5], run)
redis.call('ZREM', P .. 'ended', run)
redis.call('SREM', P .. 'verdicts', run)
enqueue(run, v[2], 'low', t)
redis.call('XDEL', P .. 'dead:' .. v[2], v[3])
wake(v[2])
return 1
