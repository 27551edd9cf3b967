-- Moves a debt that can never be paid into the stream `aside`, with the reason, for people to read.
-- KEYS  1 prefix
-- ARGV  1 debt  2 reason
-- Returns 1, or 0 when it is not owed (any more)
local text = ARGV[1]
if redis.call('ZREM', P .. 'tidy', text) == 0 then return 0 end
redis.call('HDEL', P .. 'tidy:tries', text)
local run = string.match(text, '^%["verdict","(.*)"%]$')
look('XADD', P .. 'aside', 'MAXLEN', '~', 10000, '*', 'kind', run and 'verdict' or 'debt',
  'text', string.sub(run or text, 1, 4096), 'reason', ARGV[2])
return 1
