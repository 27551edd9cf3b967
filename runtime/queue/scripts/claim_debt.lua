-- Puts off what is to be cleaned away, if it is due: so that one worker pays it, and another when that one dies meanwhile.
-- KEYS  1 prefix
-- ARGV  1 debt  2 for how long in ms  3 how long it has to have been due in ms
-- Returns {since when it was due, Redis's clock}, or {} when it is not due (any more)
local dueAt = redis.call('ZSCORE', P .. 'tidy', ARGV[1])
local t = now()
if not dueAt or tonumber(dueAt) > t - tonumber(ARGV[3]) then return {} end
redis.call('ZADD', P .. 'tidy', 'XX', t + tonumber(ARGV[2]), ARGV[1])
return { tonumber(dueAt), t }
