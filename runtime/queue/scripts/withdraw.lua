-- Ends runs that a job has handed out and that still wait. Running ones continue, and those that an upload has asked for since.
-- KEYS  1 prefix
-- ARGV  1 job, then any number of runs
-- Returns how many were ended
local withdrawn = 0
local t = now()
for i = 2, #ARGV do
  local run = ARGV[i]
  local r = load(run, 'asked', 'fn', 'entry', 'object')
  if r and r.asked == ARGV[1] and (r.state == 'queued' or r.state == 'retrying') then
    if r.state == 'queued' then drop(r.fn, r.lane, r.entry) end
    redis.call('ZREM', P .. 'delay', run)
    finish(run, r, 'cancelled', t, 'reason', 'cancelled')
    withdrawn = withdrawn + 1
  end
end
if withdrawn > 0 then wake('verdicts') end
return withdrawn
