-- Whether an attempt is still the newest of its run, asked right before it commits, and what is known of a verdict at its place.
-- Changes nothing: heartbeats renew leases.
-- KEYS  1 prefix
-- ARGV  1 run  2 fence  3 token  4 place of the verdict, and the server that is asked (verdictAt)
-- Returns {ok | lost, what is known of a verdict there}
local r = load(ARGV[1])
local isOwner = r and r.state == 'running' and r.fence == ARGV[2] and r.token == tokenOf(ARGV[3])
return { isOwner and 'ok' or 'lost', verdictAt(ARGV[4]) }
