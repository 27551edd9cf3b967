-- Gives a claimed debt back: it is due again after a while. Does nothing when the claim has run out and another process has it.
-- KEYS  1 prefix
-- ARGV  1 debt  2 until when it is claimed  3 after how long it is due again in ms  4 1 when that was an attempt
-- Returns 1, or 0 when it is not this process's any more
local text = ARGV[1]
local dueAt = redis.call('ZSCORE', P .. 'tidy', text)
if not dueAt or tonumber(dueAt) ~= tonumber(ARGV[2]) then return 0 end
local t = now()
redis.call('ZADD', P .. 'tidy', 'XX', t + tonumber(ARGV[3]), text)
if ARGV[4] == '1' then
  local attempts, since = string.match(redis.call('HGET', P .. 'tidy:tries', text) or '', '^(%d+) (%d+)')
  redis.call('HSET', P .. 'tidy:tries', text, string.format('%d %.0f', (attempts or 0) + 1, since or t))
end
return 1
