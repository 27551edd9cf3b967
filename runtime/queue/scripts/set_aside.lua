-- What is owed and can never be paid is set aside with its reason, for people: the stream `aside`.
-- KEYS  1 prefix
-- ARGV  1 kind: verdict | debt  2 the run, or the debt's text  3 reason
-- Returns 1, or 0 when it is not owed (any more)
local kind, text = ARGV[1], ARGV[2]
local wasOwed = kind == 'verdict' and payVerdict(text) or kind == 'debt' and redis.call('ZREM', P .. 'tidy', text) == 1
if not wasOwed then return 0 end
redis.call('XADD', P .. 'aside', 'MAXLEN', '~', 10000, '*', 'kind', kind, 'text', string.sub(text, 1, 4096), 'reason', ARGV[3])
return 1
