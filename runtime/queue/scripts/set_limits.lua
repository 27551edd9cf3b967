-- Publishes a function's limits to every process.
-- KEYS  1 prefix
-- ARGV  1 function  2 limits (JSON)  3 the limits in Redis before the bucket was read ('' for none): if they changed since,
--         another process was faster
-- Returns 1, or 0 when Redis has other limits by now
local known = redis.call('HGET', P .. 'limits', ARGV[1]) or ''
if known ~= ARGV[3] and known ~= ARGV[2] then return 0 end
redis.call('HSET', P .. 'limits', ARGV[1], ARGV[2])
if known ~= ARGV[2] then
  wake('limits')
  tellOf('limits', ARGV[1])
end
return 1
