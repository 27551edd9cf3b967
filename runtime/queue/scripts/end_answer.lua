-- Renews or ends a request that begin_answer has begun, unless another has begun it since. May be sent again.
-- KEYS  1 prefix
-- ARGV  1 sha256 of the key  2 nonce  3 renew | keep | forget | doubt  4 ms for which the key is kept  5 the answer
-- Returns 0 when the request is another's by now
local key = P .. 'request:' .. ARGV[1]
if redis.call('HGET', key, 'nonce') ~= ARGV[2] then return 0 end
if ARGV[3] == 'forget' then return redis.call('DEL', key) end
if ARGV[3] == 'doubt' then redis.call('HDEL', key, 'nonce') end
if ARGV[3] == 'keep' then redis.call('HSET', key, 'answer', ARGV[5]) end
return redis.call('PEXPIRE', key, ARGV[4])
