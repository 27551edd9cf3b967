-- The result of a run was removed because its source was deleted: the run then counts as never done, so that it runs again when
-- the source comes back.
-- KEYS  1 prefix
-- ARGV  1 run  2 reason  3 end of the success that had this result
-- Returns 1, or 0 when the run has not succeeded, or not any more, or is unknown
local r = load(ARGV[1], 'fn', 'object')
if not r or r.state ~= 'succeeded' or r.at ~= tonumber(ARGV[3]) then return 0 end
finish(ARGV[1], r, 'source-gone', now(), 'reason', ARGV[2])
wake('verdicts')
return 1
