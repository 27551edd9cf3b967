-- Forgets dead letters.
-- KEYS  1 prefix
-- ARGV  any number of runs
-- Returns how many were forgotten; a run that is no dead letter, or is still owed its verdict, stays
local forgotten = 0
for _, run in ipairs(ARGV) do
  local v = redis.call('HMGET', runKey(run), 'state', 'fn', 'letter')
  if v[1] == 'dead' and redis.call('SISMEMBER', P .. 'verdicts', run) == 0 then
    forget(run, v[2], v[3])
    forgotten = forgotten + 1
  end
end
return forgotten
