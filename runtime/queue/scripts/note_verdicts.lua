-- Verdicts are about to be written at these places, were just written, or were found there: commits there look for them from now on.
-- Each note has a mark that was never given before, also not by a Redis that was emptied since.
-- KEYS  1 prefix
-- ARGV  any number of places
-- Returns 1
local key = P .. 'verdict-places'
local time = redis.call('TIME')
for i = 1, #ARGV do
  local mark = time[1] .. '.' .. time[2] .. '.' .. redis.call('HINCRBY', key, '#', 1)
  redis.call('HSET', key, ARGV[i], mark)
end
return 1
