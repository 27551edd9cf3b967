-- Cancels a run.
-- KEYS  1 prefix
-- ARGV  1 run
-- Returns the state that follows (cancel_run.lua)
local state = cancelRun(ARGV[1], '')
if state == 'cancelled' then wake('verdicts') end
return state
