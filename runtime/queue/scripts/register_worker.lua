-- Registers a worker for its functions for a while, and returns their limits.
-- KEYS  1 prefix
-- ARGV  1 consumer  2 for how many ms, then its functions
-- Returns the limits of each function, '' where Redis does not know them
local t = now()
local limits = #ARGV > 2 and redis.call('HMGET', P .. 'limits', unpack(ARGV, 3)) or {}
-- It notes the verdicts that it writes (know_verdicts.lua).
redis.call('ZADD', P .. 'verdicts:noting', t + tonumber(ARGV[2]), ARGV[1])
redis.call('ZREMRANGEBYSCORE', P .. 'verdicts:noting', '-inf', t)
for i = 3, #ARGV do
  local key = P .. 'workers:' .. ARGV[i]
  local isNew = redis.call('ZADD', key, t + tonumber(ARGV[2]), ARGV[1]) == 1
  redis.call('PEXPIRE', key, ARGV[2])
  limits[i - 2] = limits[i - 2] or ''
  if isNew then
    -- The worker before it may have died of a run that it ran alone: others come first at the beginning as well.
    redis.call('SET', P .. 'solo:rest:' .. ARGV[1], 1, 'PX', 10000)
    -- Workers come as often as they go. Until then those that are gone do not count, and nobody wakes them.
    local gone = redis.call('ZRANGEBYSCORE', key, '-inf', t, 'LIMIT', 0, 1000)
    if #gone > 0 then
      redis.call('ZREM', key, unpack(gone))
      redis.call('ZREM', P .. 'idle:' .. ARGV[i], unpack(gone))
    end
  end
end
return limits
