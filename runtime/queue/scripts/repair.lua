-- Heals runs whose place in a stream or in `delay` is gone: a lost end of the append-only file, an entry or a list that was
-- deleted by hand, a group or a consumer that was removed with what it had been given.
-- KEYS  1 prefix
-- ARGV  1 '1' only to say what would be healed  2 pass of the sweep that this heals for ('' for none)
--       then any number of runs
-- Returns for each run: stream-entry | delay-entry (what was gone and is there again) | ok (nothing to heal) | gone (no such run)
local isDry = ARGV[1] == '1'
local t = now()
local woken = {}

local function isNewerThan(a, b)
  local am, as = string.match(a, '(%d+)-(%d+)')
  local bm, bs = string.match(b, '(%d+)-(%d+)')
  am, as, bm, bs = tonumber(am), tonumber(as), tonumber(bm), tonumber(bs)
  return am > bm or (am == bm and as > bs)
end

-- The newest entry that the stream's group has delivered; nil when there is no group: the next claim makes one that delivers all.
local lastDelivered = {}
local function deliveredUpTo(key)
  if lastDelivered[key] == nil then
    lastDelivered[key] = false
    local groups = redis.pcall('XINFO', 'GROUPS', key)
    for _, group in ipairs(groups.err and {} or groups) do
      local facts = {}
      for i = 1, #group, 2 do facts[group[i]] = group[i + 1] end
      if facts['name'] == GROUP then lastDelivered[key] = facts['last-delivered-id'] end
    end
  end
  return lastDelivered[key] or nil
end

local function hasPlace(state, key, entry)
  if not entry or entry == '' then return false end
  local found = redis.pcall('XRANGE', key, entry, entry)
  -- Of another type: nothing can be put there either, and claims tell of it.
  if found.err then return true end
  if #found == 0 then return false end
  local delivered = deliveredUpTo(key)
  if delivered and #redis.call('XPENDING', key, GROUP, entry, entry, 1) > 0 then return true end
  -- What waits is yet to be delivered. What runs was: without a lease nobody would ever take it back.
  return state == 'queued' and (not delivered or isNewerThan(entry, delivered))
end

local function repair(run)
  local h = runKey(run)
  local v = redis.call('HMGET', h, 'state', 'fn', 'lane', 'entry')
  local state, fn, lane, entry = v[1], v[2], v[3], v[4]
  if not state then return 'gone' end
  if state == 'retrying' then
    if redis.call('ZSCORE', P .. 'delay', run) then return 'ok' end
    if not isDry then redis.call('ZADD', P .. 'delay', redis.call('HGET', h, 'dueAt') or t, run) end
    return 'delay-entry'
  end
  if state ~= 'queued' and state ~= 'running' or hasPlace(state, stream(fn, lane), entry) then return 'ok' end
  if isDry then return 'stream-entry' end
  if entry and entry ~= '' then drop(fn, lane, entry) end
  -- Whoever still runs it is told at its next heartbeat that it has lost it.
  redis.call('HSET', h, 'token', '')
  enqueue(run, fn, lane, t)
  woken[fn] = true
  return 'stream-entry'
end

local outcomes = {}
local counts = { ['stream-entry'] = 0, ['delay-entry'] = 0 }
for i = 3, #ARGV do
  local outcome = repair(ARGV[i])
  outcomes[i - 2] = outcome
  if counts[outcome] and not isDry then counts[outcome] = counts[outcome] + 1 end
end
for reason, count in pairs(counts) do countHealed(ARGV[2], reason, count) end
for fn in pairs(woken) do wake(fn) end
return outcomes
