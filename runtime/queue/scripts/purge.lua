-- Takes dead letters off the list. The runs stay for as long as others do: if they were forgotten at once, the second copy of
-- their announcement would create them again.
-- KEYS  1 prefix
-- ARGV  any number of runs
-- Returns how many were on the list
local purged = 0
for _, run in ipairs(ARGV) do
  local v = redis.call('HMGET', runKey(run), 'state', 'fn', 'letter')
  if v[1] == 'dead' and v[3] and v[3] ~= '' then
    purged = purged + redis.call('XDEL', P .. 'dead:' .. v[2], v[3])
    redis.call('HSET', runKey(run), 'letter', '')
  end
end
return purged
