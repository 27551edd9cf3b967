-- Stores how far a pass of the sweep is, or how it ended; unless Redis has forgotten it since: then all begins anew.
-- KEYS  1 prefix
-- ARGV  1 id of the pass, then any number of: field, text ('' to remove it)
-- Returns 1, or 0 when this pass is not the one that goes on
local key = P .. 'sweep'
local text = redis.call('HGET', key, 'pass')
if not text or cjson.decode(text).id ~= ARGV[1] then return 0 end
for p = 2, #ARGV, 2 do
  if ARGV[p + 1] == '' then redis.call('HDEL', key, ARGV[p]) else redis.call('HSET', key, ARGV[p], ARGV[p + 1]) end
end
return 1
