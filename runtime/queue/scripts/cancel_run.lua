-- Prepended to the scripts that cancel runs.
-- KEYS  1 prefix
-- ARGV  the script's own
-- Returns nothing: `cancelRun` is for the script behind it

-- Ends a waiting run; asks the worker of a running one to end it. Returns the state that follows: cancelled, running (its worker
-- was notified), the final state that it already had, or '' for an unknown run, and for one that was run again since it had the
-- epoch `seen` ('' for any). Then whether this call has changed it.
local function cancelRun(run, seen)
  local r = load(run, 'fn', 'entry', 'object')
  if not r then return '' end
  if seen ~= '' and tostring(r.epoch) ~= seen then return '' end
  if r.state == 'running' then
    r.isCancelled = true
    save(run, r)
    tell(run, r)
    wake('cancel:' .. run .. ':' .. r.fence)
    return 'running', true
  end
  if r.state ~= 'queued' and r.state ~= 'retrying' then return r.state end
  if r.state == 'queued' then drop(r.fn, r.lane, r.entry) end
  redis.call('ZREM', P .. 'delay', run)
  finish(run, r, 'cancelled', now(), 'reason', 'cancelled')
  return 'cancelled', true
end
