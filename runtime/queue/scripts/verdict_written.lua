-- Pays the debt of a verdict that is in the bucket, if the run's last end is still the one in it.
-- KEYS  1 prefix
-- ARGV  1 run  2 state  3 epoch  4 endedAt, as they were written
-- Returns 1, or 0 when the run was started again since and owes another verdict
local run = ARGV[1]
local r = load(run)
if r and (r.state ~= ARGV[2] or r.epoch ~= tonumber(ARGV[3]) or r.at ~= tonumber(ARGV[4])) then return 0 end
payVerdict(run)
return 1
