-- Ends a session, and adds its summary to the history. May be sent again.
-- KEYS  1 prefix
-- ARGV  1 name  2 token of its owner  3 summary (JSON)  4 ms for which it is remembered  5 how many summaries are kept
-- Returns 1, or 0 when the stream is another's by now
local key, history, t = P .. 'stream:' .. ARGV[1], P .. 'stream:' .. ARGV[1] .. ':history', now()
local v = redis.call('HMGET', key, 'token', 'state')
if v[2] and v[1] ~= ARGV[2] then return 0 end
if v[2] == 'ended' then return 1 end
redis.call('HSET', key, 'token', ARGV[2], 'state', 'ended', 'endedAt', t, 'summary', ARGV[3])
redis.call('HDEL', key, 'stop', 'numbers')
redis.call('PEXPIRE', key, ARGV[4])
redis.call('ZREM', P .. 'streams', ARGV[1])
redis.call('RPUSH', history, ARGV[3])
redis.call('LTRIM', history, -tonumber(ARGV[5]), -1)
redis.call('PEXPIRE', history, ARGV[4])
return 1
