-- Some of the runs whose verdict is owed to the bucket and may be tried now.
-- KEYS  1 prefix
-- ARGV  1 how many at most
-- Returns the runs
local count = tonumber(ARGV[1])
for _, run in ipairs(redis.call('ZRANGEBYSCORE', P .. 'verdicts:later', '-inf', now(), 'LIMIT', 0, count)) do
  redis.call('ZREM', P .. 'verdicts:later', run)
  redis.call('SADD', P .. 'verdicts', run)
end
return redis.call('SRANDMEMBER', P .. 'verdicts', count)
