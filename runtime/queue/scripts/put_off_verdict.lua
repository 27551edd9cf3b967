-- A verdict that could not be written makes room for others: each time twice as long as before.
-- KEYS  1 prefix
-- ARGV  1 run  2 the longest time in ms
-- Returns how often it has been put off; 0 when it is not among those that may be tried now
local run = ARGV[1]
if redis.call('SREM', P .. 'verdicts', run) == 0 then return 0 end
local tries = redis.call('HINCRBY', runKey(run), 'verdictTries', 1)
local delayMs = math.min(tonumber(ARGV[2]), 1000 * 2 ^ math.min(tries - 1, 20))
redis.call('ZADD', P .. 'verdicts:later', now() + delayMs, run)
return tries
