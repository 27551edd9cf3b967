-- Stores the progress or the end of a sweep's pass, unless Redis has lost the pass since: then the sweep starts over.
-- KEYS  1 prefix
-- ARGV  1 id of the pass, then any number of: field, text ('' to remove it)
-- Returns 1, or 0 when this pass is not the one in progress
local key = P .. 'sweep'
local text = redis.call('HGET', key, 'pass')
if not text or cjson.decode(text).id ~= ARGV[1] then return 0 end
for p = 2, #ARGV, 2 do
  if ARGV[p + 1] == '' then redis.call('HDEL', key, ARGV[p]) else redis.call('HSET', key, ARGV[p], ARGV[p + 1]) end
end
return 1
