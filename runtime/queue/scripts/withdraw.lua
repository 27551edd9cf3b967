-- Ends runs that a job has handed out and that still wait. Running ones continue, and those that an upload has asked for since.
-- KEYS  1 prefix
-- ARGV  1 job, then any number of runs
-- Returns how many were ended
local withdrawn = 0
local t = now()
for i = 2, #ARGV do
  local run = ARGV[i]
  local v = redis.call('HMGET', runKey(run), 'state', 'asked', 'fn', 'lane', 'entry', 'object')
  if v[2] == ARGV[1] and (v[1] == 'queued' or v[1] == 'retrying') then
    if v[1] == 'queued' then drop(v[3], v[4], v[5]) end
    redis.call('ZREM', P .. 'delay', run)
    redis.call('HSET', runKey(run), 'reason', 'cancelled')
    finish(run, 'cancelled', t, v[6])
    withdrawn = withdrawn + 1
  end
end
if withdrawn > 0 then wake('verdicts') end
return withdrawn
