-- Counts what became of some runs of a job. Only reads.
-- KEYS  1 prefix
-- ARGV  1 job  2 its first item that counts  3 the last one
-- Returns state, how many are in it, and so on; those that are not known are `forgotten`
local counts = {}
for _, item in ipairs(redis.call('LRANGE', P .. 'job:' .. ARGV[1] .. ':items', ARGV[2], ARGV[3])) do
  -- A quote within a text of JSON has a backslash before it, so this is the item's own.
  local run = string.match(item, '"runId":"([^"]+)"')
  local state = run and redis.call('HGET', runKey(run), 'state') or 'forgotten'
  counts[state] = (counts[state] or 0) + 1
end
local reply = {}
for state, count in pairs(counts) do
  reply[#reply + 1] = state
  reply[#reply + 1] = count
end
return reply
