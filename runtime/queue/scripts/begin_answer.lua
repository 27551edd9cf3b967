-- Starts the answer to a request with an Idempotency-Key, unless it is answered or in progress. May be sent again.
-- KEYS  1 prefix
-- ARGV  1 sha256 of the key  2 hash of the request  3 nonce  4 ms after which a request that is not renewed is forgotten
-- Returns {begun | busy | mismatch}, or {answered, the answer}
local key = P .. 'request:' .. ARGV[1]
local v = redis.call('HMGET', key, 'request', 'nonce', 'answer')
if v[1] and v[1] ~= ARGV[2] then return { 'mismatch' } end
if v[3] then return { 'answered', v[3] } end
if v[2] and v[2] ~= ARGV[3] then return { 'busy' } end
redis.call('HSET', key, 'request', ARGV[2], 'nonce', ARGV[3])
redis.call('PEXPIRE', key, ARGV[4])
return { 'begun' }
