-- Makes a function's limits known to every process, unless newer ones are known already.
-- KEYS  1 prefix
-- ARGV  1 function  2 revision  3 limits (JSON with that revision)
-- Returns 1, or 0 when newer ones stay
local known = redis.call('HGET', P .. 'limits', ARGV[1])
if known and cjson.decode(known).revision >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', P .. 'limits', ARGV[1], ARGV[3])
wake('limits')
return 1
