-- Finds the runs that match a filter, newest first. Only reads, and examines a bounded number of runs.
-- KEYS  1 prefix
-- ARGV  1 filter (filter.lua)  2 the time to start after ('' for the newest)  3 and the id ('' for all of that time)
--       4 the oldest time  5 how many to examine at most  6 how many to find at most
-- Returns {1 when there are no more, else 0; time and id of the last one that was examined, '' for none; then the ids of
-- the matches}
local key, filter = P .. 'runs', filterOf(ARGV[1])
local oldest, count, limit = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
-- How many come before: later ones, and those of the same time with a higher id. By bisection, since a large batch has one time.
local rank = 0
if ARGV[2] ~= '' then
  rank = redis.call('ZCOUNT', key, '(' .. ARGV[2], '+inf')
  local low, high = 0, redis.call('ZCOUNT', key, ARGV[2], ARGV[2])
  while low < high do
    local middle = math.floor((low + high) / 2)
    if redis.call('ZREVRANGE', key, rank + middle, rank + middle)[1] < ARGV[3] then high = middle else low = middle + 1 end
  end
  rank = rank + low
end
local flat = redis.call('ZREVRANGE', key, rank, rank + count - 1, 'WITHSCORES')
local isLast = #flat < 2 * count
local reply = { 0, '', '' }
for p = 1, #flat, 2 do
  if tonumber(flat[p + 1]) < oldest then
    isLast = true
    break
  end
  reply[2], reply[3] = flat[p + 1], flat[p]
  if isMeant(flat[p], filter) then
    reply[#reply + 1] = flat[p]
    if #reply == limit + 3 then
      isLast = isLast and p + 2 > #flat
      break
    end
  end
end
reply[1] = isLast and 1 or 0
return reply
