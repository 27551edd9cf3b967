-- Shows the inbox without returning more than a person could read. Only reads.
-- KEYS  1 prefix
-- ARGV  1 how many of the newest texts at most  2 how long each may be in bytes
-- Returns {fingerprint of the head ('' when there is none), those of the newest texts that are short enough}
local list = P .. 'in'
local head = redis.call('LINDEX', list, 0)
local length = redis.call('LLEN', list)
local texts = {}
for at = math.max(0, length - tonumber(ARGV[1])), length - 1 do
  local text = redis.call('LINDEX', list, at)
  if text and #text <= tonumber(ARGV[2]) then texts[#texts + 1] = text end
end
return { head and redis.sha1hex(head) or '', texts }
