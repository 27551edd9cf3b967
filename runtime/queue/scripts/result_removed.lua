-- The result of a run was removed, since its source was deleted: the run counts as one that never was, so that it is done again
-- when the source comes back.
-- KEYS  1 prefix
-- ARGV  1 run  2 why  3 when the success ended whose result that was
-- Returns 1, or 0 when the run is no success (any more), or is not known
local h = runKey(ARGV[1])
local v = redis.call('HMGET', h, 'state', 'object', 'endedAt')
if v[1] ~= 'succeeded' or v[3] ~= ARGV[3] then return 0 end
redis.call('HSET', h, 'reason', ARGV[2])
finish(ARGV[1], 'source-gone', now(), v[2])
wake('verdicts')
return 1
