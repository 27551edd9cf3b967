-- Ends a waiting run; asks the worker of a running one to end it.
-- KEYS  1 prefix
-- ARGV  1 run
-- Returns the state that follows: cancelled, running (its worker was notified), the final state that it already had, or ''
--         for an unknown run
local run = ARGV[1]
local r = load(run, 'fn', 'entry', 'object')
if not r then return '' end
if r.state == 'running' then
  r.isCancelled = true
  save(run, r)
  tell(run, r)
  wake('cancel:' .. run .. ':' .. r.fence)
  return 'running'
end
if r.state ~= 'queued' and r.state ~= 'retrying' then return r.state end
if r.state == 'queued' then drop(r.fn, r.lane, r.entry) end
redis.call('ZREM', P .. 'delay', run)
finish(run, r, 'cancelled', now(), 'reason', 'cancelled')
wake('verdicts')
return 'cancelled'
