-- Ends a waiting run; asks the worker of a running one to end it.
-- KEYS  1 prefix
-- ARGV  1 run
-- Returns the state that follows: cancelled, running (its worker was notified), the final state that it already had, or ''
--         for an unknown run
local run = ARGV[1]
local h = runKey(run)
local v = redis.call('HMGET', h, 'state', 'fn', 'lane', 'entry', 'object', 'fence')
local state = v[1]
if not state then return '' end
if state == 'running' then
  redis.call('HSET', h, 'cancel', '1')
  wake('cancel:' .. run .. ':' .. v[6])
  return 'running'
end
if state ~= 'queued' and state ~= 'retrying' then return state end
if state == 'queued' then drop(v[2], v[3], v[4]) end
redis.call('ZREM', P .. 'delay', run)
redis.call('HSET', h, 'reason', 'cancelled')
finish(run, 'cancelled', now(), v[5])
wake('verdicts')
return 'cancelled'
