-- Starts a job whose items are stored. May be sent again: a job that has started stays as it is.
-- KEYS  1 prefix
-- ARGV  1 job  2 kind  3 how many items  4 forced: 0 or 1  5 rate per second, or ''  6 request (JSON)
-- Returns 1, or 0 when it had started before
local job = ARGV[1]
local key = P .. 'job:' .. job
if redis.call('EXISTS', key) == 1 then return 0 end
local t = now()
redis.call('HSET', key, 'kind', ARGV[2], 'status', 'running', 'total', ARGV[3], 'position', 0, 'handedOut', 0, 'passedOver', 0,
  'isForced', ARGV[4], 'ratePerSecond', ARGV[5], 'request', ARGV[6], 'createdAt', t)
redis.call('PERSIST', key .. ':items')
redis.call('ZADD', P .. 'jobs', t, job)
redis.call('SADD', P .. 'jobs:active', job)
tellOf('job', job)
return 1
