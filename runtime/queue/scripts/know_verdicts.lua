-- Whether the places of all verdicts are noted, so that a place without a note has none. True once all were read from the bucket
-- and noted, the reading begun and ended on this server and its data; and only while processes keep it, each of which notes the
-- verdicts that it writes. A worker of an older release writes them without a note: while one serves, nothing is known.
-- KEYS  1 prefix
-- ARGV  1 begin | end | keep  2 server  3 token of the reading ('' to keep)  4 for how many ms it is known
--       then functions, whose workers are examined
-- Returns 1, or 0: nothing is known, or Redis has forgotten since that a reading was begun
local what, server, token = ARGV[1], ARGV[2], ARGV[3]
local t = now()
for i = 5, #ARGV do
  for _, consumer in ipairs(redis.call('ZRANGEBYSCORE', P .. 'workers:' .. ARGV[i], t, '+inf')) do
    if not redis.call('ZSCORE', P .. 'verdicts:noting', consumer) then
      redis.call('DEL', P .. 'verdicts:known', P .. 'verdicts:reading')
      return 0
    end
  end
end
if what == 'begin' then
  redis.call('SET', P .. 'verdicts:reading', server .. ' ' .. token)
  return 1
end
if what == 'keep' then
  if redis.call('GET', P .. 'verdicts:known') ~= server then return 0 end
  redis.call('PEXPIRE', P .. 'verdicts:known', ARGV[4])
  return 1
end
if redis.call('GET', P .. 'verdicts:reading') ~= server .. ' ' .. token then return 0 end
redis.call('DEL', P .. 'verdicts:reading')
redis.call('SET', P .. 'verdicts:known', server, 'PX', ARGV[4])
return 1
