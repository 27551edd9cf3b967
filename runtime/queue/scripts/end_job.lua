-- Ends a running job; its record is forgotten after a while.
-- KEYS  1 prefix
-- ARGV  1 job  2 status: done | cancelled  3 ttl in ms
-- Returns 1, or 0 when it had ended before, or never existed
local key = P .. 'job:' .. ARGV[1]
if redis.call('HGET', key, 'status') ~= 'running' then return 0 end
redis.call('HSET', key, 'status', ARGV[2], 'endedAt', now())
redis.call('SREM', P .. 'jobs:active', ARGV[1])
redis.call('PEXPIRE', key, ARGV[3])
redis.call('PEXPIRE', key .. ':items', ARGV[3])
tellOf('job', ARGV[1])
return 1
