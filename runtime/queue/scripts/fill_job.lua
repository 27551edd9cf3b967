-- Adds items to a job that has not started. May be sent again: items that are there are not added twice.
-- KEYS  1 prefix
-- ARGV  1 job  2 how many items it has by now  3 ttl in ms of a job that never starts, then the items
-- Returns how many it has
local key = P .. 'job:' .. ARGV[1] .. ':items'
if redis.call('LLEN', key) == tonumber(ARGV[2]) then
  for i = 4, #ARGV do redis.call('RPUSH', key, ARGV[i]) end
  redis.call('PEXPIRE', key, ARGV[3])
end
return redis.call('LLEN', key)
