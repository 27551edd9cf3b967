-- Gives back a name whose session has received nothing: the session before it is the last one again. May be sent again.
-- KEYS  1 prefix
-- ARGV  1 name  2 token of its owner
-- Returns 1, or 0 when the stream is another's by now
local key = P .. 'stream:' .. ARGV[1]
local v = redis.call('HMGET', key, 'token', 'state', 'fence')
if v[1] and v[1] ~= ARGV[2] then return 0 end
if v[2] ~= 'live' and v[2] ~= 'waiting' then return 1 end
redis.call('ZREM', P .. 'streams', ARGV[1])
local before = key .. ':before'
if redis.call('EXISTS', before) == 1 then
  moveHash(before, key)
  redis.call('ZADD', P .. 'streams:ended', redis.call('HGET', key, 'endedAt'), ARGV[1])
  redis.call('HSET', key, 'token', ARGV[2], 'fence', v[3])
else
  -- For a minute, so that fences grow, and a late beat revives nothing.
  redis.call('DEL', key)
  redis.call('HSET', key, 'token', ARGV[2], 'fence', v[3])
  redis.call('PEXPIRE', key, 60000)
end
tellOf('stream', ARGV[1])
return 1
