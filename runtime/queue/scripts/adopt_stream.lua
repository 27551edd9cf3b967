-- Takes over a session whose owner is dead or silent, without a take: to wait for its sender, or to end it. May be sent again.
-- KEYS  1 prefix
-- ARGV  1 name  2 token  3 lease in ms  4 ms for which the stream is remembered without a beat  5 the session
--         6 the token of its owner, if that is known to be dead ('')  7 its last take, which Redis may not know if it lost its last
--         second  8 its start, if Redis was emptied
-- Returns {1, take, fence}, or {0} when the stream has an owner, has another session by now or was ended
local key, t = P .. 'stream:' .. ARGV[1], now()
local v = redis.call('HMGET', key, 'token', 'state', 'session', 'take', 'fence', 'beatAt', 'takes')
if not v[2] then
  v[4] = ARGV[7]
  redis.call('HSET', key, 'session', ARGV[5], 'take', ARGV[7], 'startedAt', ARGV[8], 'takeAt', ARGV[8], 'takes', '[]')
elseif v[2] == 'ended' or v[3] ~= ARGV[5] then
  return { 0 }
elseif v[1] == ARGV[2] then
  return { 1, v[4], v[5] }
elseif tonumber(v[6]) + tonumber(ARGV[3]) > t and v[1] ~= ARGV[6] then
  return { 0 }
end
local fence = string.format('%.0f', math.max((tonumber(v[5]) or 0) + 1, t))
local take = string.format('%.0f', math.max(v[4], ARGV[7]))
local takes = cjson.decode(v[7] or '[]')
if v[2] == 'live' then last_take_ended(takes, 'receiver-lost') end
redis.call('HSET', key, 'token', ARGV[2], 'state', 'waiting', 'fence', fence, 'beatAt', t, 'take', take,
  'takes', #takes == 0 and '[]' or cjson.encode(takes))
redis.call('PEXPIRE', key, ARGV[4])
redis.call('ZADD', P .. 'streams', t, ARGV[1])
redis.call('ZREM', P .. 'streams:ended', ARGV[1])
tellOf('stream', ARGV[1])
return { 1, take, fence }
