-- Heals a run whose place in a stream or in `delay` is gone: a lost end of the append-only file, an entry deleted by hand,
-- an entry that was delivered and is in nobody's pending list.
-- KEYS  1 prefix
-- ARGV  1 run
-- Returns requeued | redelayed | ok | gone
local run = ARGV[1]
local h = runKey(run)
local v = redis.call('HMGET', h, 'state', 'fn', 'lane', 'entry')
local state, fn, lane, entry = v[1], v[2], v[3], v[4]
if not state then return 'gone' end
if state == 'retrying' then
  if redis.call('ZSCORE', P .. 'delay', run) then return 'ok' end
  redis.call('ZADD', P .. 'delay', now(), run)
  return 'redelayed'
end
if state ~= 'queued' and state ~= 'running' then return 'ok' end

local function isNewerThan(a, b)
  local am, as = string.match(a, '(%d+)-(%d+)')
  local bm, bs = string.match(b, '(%d+)-(%d+)')
  am, as, bm, bs = tonumber(am), tonumber(as), tonumber(bm), tonumber(bs)
  return am > bm or (am == bm and as > bs)
end

local key = stream(fn, lane)
if #redis.call('XRANGE', key, entry, entry) > 0 then
  local groups = redis.pcall('XINFO', 'GROUPS', key)
  if groups.err or not groups[1] then return 'ok' end
  local delivered
  for i = 1, #groups[1], 2 do
    if groups[1][i] == 'last-delivered-id' then delivered = groups[1][i + 1] end
  end
  if isNewerThan(entry, delivered) then return 'ok' end
  if #redis.call('XPENDING', key, GROUP, entry, entry, 1) > 0 then return 'ok' end
end
drop(fn, lane, entry)
redis.call('HSET', h, 'token', '')
enqueue(run, fn, lane, now())
wake(fn)
return 'requeued'
