-- Claims a stream for a take, which is one connection of its sender. May be sent again: the same token gets the same answer.
-- KEYS  1 prefix
-- ARGV  1 name  2 token, new for each claim  3 lease in ms  4 ms for which the stream is remembered without a beat
--         5 1 to take over from a sender that is live  6 the session, if a new one starts  7 its first take: the caller knows
--         of all takes before it, also where Redis has lost its last second
--         8 door  9 peer  10 id of the key that the sender gave ('' for none)
-- Returns {1, session, take, fence, 1 when the session is continued, its start}, or, while another sender is live,
--         {0, its peer, its door, the start of its take}
local key, t = P .. 'stream:' .. ARGV[1], now()
local v = redis.call('HMGET', key, 'token', 'state', 'session', 'take', 'fence', 'beatAt', 'isResumed', 'startedAt',
  'peer', 'door', 'takeAt', 'takes')
local isOpen = v[2] == 'live' or v[2] == 'waiting'
if isOpen and v[1] == ARGV[2] then return { 1, v[3], v[4], v[5], v[7], v[8] } end
-- A live sender whose owner is silent has no owner any more.
local isHeld = v[2] == 'live' and tonumber(v[6]) + tonumber(ARGV[3]) > t
if isHeld and ARGV[5] ~= '1' then return { 0, v[9], v[10], v[11] } end

local session, take, startedAt, takes = ARGV[6], ARGV[7], t, {}
if isOpen then
  local least = v[3] == ARGV[6] and tonumber(ARGV[7]) or 1
  session, take, startedAt = v[3], string.format('%.0f', math.max(v[4] + 1, least)), v[8]
  takes = cjson.decode(v[12] or '[]')
  if v[2] == 'live' then last_take_ended(takes, isHeld and 'taken-over' or 'receiver-lost') end
else
  -- It is the last session again if this one receives nothing.
  if v[2] then moveHash(key, key .. ':before') else redis.call('DEL', key, key .. ':before') end
end
-- It grows even when Redis was lost in between.
local fence = string.format('%.0f', math.max((tonumber(v[5]) or 0) + 1, t))
takes[#takes + 1] = { tonumber(take), ARGV[8], ARGV[9], t }
while #takes > 20 do table.remove(takes, 1) end
redis.call('HSET', key, 'token', ARGV[2], 'state', 'live', 'session', session, 'take', take, 'fence', fence,
  'isResumed', isOpen and 1 or 0, 'startedAt', startedAt, 'takeAt', t, 'beatAt', t, 'door', ARGV[8], 'peer', ARGV[9],
  'keyId', ARGV[10], 'takes', cjson.encode(takes))
redis.call('PEXPIRE', key, ARGV[4])
redis.call('ZADD', P .. 'streams', t, ARGV[1])
redis.call('ZREM', P .. 'streams:ended', ARGV[1])
tellOf('stream', ARGV[1])
return { 1, session, take, fence, isOpen and '1' or '0', string.format('%.0f', startedAt) }
