-- Forgets runs that ended long ago, and the oldest of too many; never one whose verdict is still owed.
-- KEYS  1 prefix
-- ARGV  1 retention in ms  2 how many ended runs to keep at most  3 how many to examine in this call
--       4 how many of the oldest to skip: those that earlier calls of this pass have kept
-- Returns {how many were forgotten, how many were examined}
local keep, limit, passed = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local old = redis.call('ZRANGEBYSCORE', P .. 'ended', '-inf', now() - tonumber(ARGV[1]), 'LIMIT', passed, limit)
local surplus = redis.call('ZCARD', P .. 'ended') - keep - passed
if surplus > #old then old = redis.call('ZRANGE', P .. 'ended', passed, passed + math.min(surplus, limit) - 1) end
local forgotten = 0
for _, run in ipairs(old) do
  if not owesVerdict(run) then
    local r = load(run, 'fn', 'letter') or {}
    -- A run in progress does not belong in this set and is not forgotten.
    if r.state == 'queued' or r.state == 'running' or r.state == 'retrying' then redis.call('ZREM', P .. 'ended', run)
    else
      forget(run, r.fn, r.letter)
      forgotten = forgotten + 1
    end
  end
end
return { forgotten, #old }
