-- Cancels a run.
-- KEYS  1 prefix
-- ARGV  1 run
-- Returns the state that follows (cancel_run.lua)
local state, isChanged = cancelRun(ARGV[1], '')
if isChanged and state == 'cancelled' then wake('verdicts') end
return state
