-- Renews the lease of a stream's owner, and stores what it says of it. May be sent again.
-- KEYS  1 prefix
-- ARGV  1 name  2 token  3 live | waiting  4 numbers of the session (JSON)  5 ms for which the stream is remembered without a
--         beat  6 its takes as the owner knows them (JSON), then fields and values of the claim, with which it is restored if Redis
--         was emptied
-- Returns 1, or 0 when the stream is another's by now, or was ended
local key, t = P .. 'stream:' .. ARGV[1], now()
local v = redis.call('HMGET', key, 'token', 'state', 'takes')
-- With a token it is a session that was withdrawn.
if not v[1] and #ARGV > 6 then
  redis.call('HSET', key, 'token', ARGV[2], unpack(ARGV, 7))
elseif v[1] ~= ARGV[2] or (v[2] ~= 'live' and v[2] ~= 'waiting') then
  return 0
end
redis.call('HSET', key, 'state', ARGV[3], 'beatAt', t, 'numbers', ARGV[4], 'takes', merged_takes(v[3], ARGV[6]))
redis.call('PEXPIRE', key, ARGV[5])
redis.call('ZADD', P .. 'streams', t, ARGV[1])
tellOf('stream', ARGV[1])
return 1
