-- Publishes a stream's record, its keys and its wanted pull, to every process.
-- KEYS  1 prefix
-- ARGV  1 name  2 record (JSON, '' when there is none any more)  3 the record in Redis before the bucket was read ('' for none):
--         if it changed since, another process was faster
-- Returns 1, or 0 when Redis has another record by now
local known = redis.call('HGET', P .. 'streams:records', ARGV[1]) or ''
if known ~= ARGV[3] and known ~= ARGV[2] then return 0 end
if ARGV[2] == '' then redis.call('HDEL', P .. 'streams:records', ARGV[1])
else redis.call('HSET', P .. 'streams:records', ARGV[1], ARGV[2]) end
if known ~= ARGV[2] then tellOf('stream', ARGV[1]) end
return 1
