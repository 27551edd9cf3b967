-- The result of a run was removed because its source was deleted: the run then counts as never done, so that it runs again when
-- the source comes back.
-- KEYS  1 prefix
-- ARGV  1 run  2 reason  3 end of the success that had this result
-- Returns 1, or 0 when the run has not succeeded, or not any more, or is unknown
local h = runKey(ARGV[1])
local v = redis.call('HMGET', h, 'state', 'object', 'endedAt')
if v[1] ~= 'succeeded' or v[3] ~= ARGV[3] then return 0 end
redis.call('HSET', h, 'reason', ARGV[2])
finish(ARGV[1], 'source-gone', now(), v[2])
wake('verdicts')
return 1
