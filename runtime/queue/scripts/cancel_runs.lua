-- A step of a job that cancels runs: it happens once, however often it is sent.
-- KEYS  1 prefix
-- ARGV  1 job  2 how many of the job's items were processed before these
--       then any number of: run, the epoch that it must still have ('' for any)
-- Returns {1, the state that follows for each (cancel_run.lua)}, or {0} when the job has ended or is past this step
local jobKey = P .. 'job:' .. ARGV[1]
local v = redis.call('HMGET', jobKey, 'status', 'position')
if v[1] ~= 'running' or v[2] ~= ARGV[2] then return { 0 } end
local states, cancelled = {}, 0
for p = 3, #ARGV, 2 do
  local state, isChanged = cancelRun(ARGV[p], ARGV[p + 1])
  if isChanged then cancelled = cancelled + 1 end
  states[#states + 1] = state
end
if cancelled > 0 then wake('verdicts') end
redis.call('HINCRBY', jobKey, 'position', #states)
redis.call('HINCRBY', jobKey, 'handedOut', cancelled)
redis.call('HINCRBY', jobKey, 'passedOver', #states - cancelled)
tellOf('job', ARGV[1])
return { 1, states }
