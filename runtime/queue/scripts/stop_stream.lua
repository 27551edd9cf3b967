-- Asks the owner of a stream to end its session; a later session is not meant. May be sent again.
-- KEYS  1 prefix
-- ARGV  1 name
-- Returns the session, '' when none is live or waits
local key = P .. 'stream:' .. ARGV[1]
local v = redis.call('HMGET', key, 'state', 'session')
if v[1] ~= 'live' and v[1] ~= 'waiting' then return '' end
redis.call('HSET', key, 'stop', v[2])
tellOf('stream', ARGV[1])
return v[2]
