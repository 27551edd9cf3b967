-- Restores runs whose entry in a stream or in `delay` is gone: the end of the append-only file was lost, an entry or a list was
-- deleted by hand, or a group or a consumer was removed together with its pending entries.
-- KEYS  1 prefix
-- ARGV  1 '1' for a dry run  2 pass of the sweep for which this heals ('' for none)
--       then any number of runs
-- Returns for each run: stream-entry | delay-entry (it was gone and is restored) | ok (nothing was missing) | gone (no such run,
--         or one that cannot be read and is set aside)
local isDry = ARGV[1] == '1'
local t = now()
local woken = {}

local function isNewerThan(a, b)
  local am, as = string.match(a, '(%d+)-(%d+)')
  local bm, bs = string.match(b, '(%d+)-(%d+)')
  am, as, bm, bs = tonumber(am), tonumber(as), tonumber(bm), tonumber(bs)
  return am > bm or (am == bm and as > bs)
end

-- The newest entry that the stream's group has delivered; nil without a group: the next claim creates one that delivers all.
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
  -- A key of another type: nothing can be added to it either, and claims report it.
  if found.err then return true end
  if #found == 0 then return false end
  local delivered = deliveredUpTo(key)
  if delivered and #redis.call('XPENDING', key, GROUP, entry, entry, 1) > 0 then return true end
  -- The entry of a waiting run is yet to be delivered. That of a running one was: without a lease it would never be taken back.
  return state == 'queued' and (not delivered or isNewerThan(entry, delivered))
end

-- As `decodePayload` in run-record.ts has it, which accepts halves of characters that cjson does not.
local function isPayload(text)
  local isRead, payload = pcall(cjson.decode, (string.gsub(text, '\\u[dD][89a-fA-F]%x%x', '\\u0020')))
  if not isRead or type(payload) ~= 'table' then return false end
  if payload.bucket then return type(payload.bucket) == 'string' and type(payload.key) == 'string' end
  return type(payload[1]) == 'string' and type(payload[2]) == 'string' and #payload >= 7
end

local function repair(run)
  local r, broken = load(run, 'fn', 'object', 'entry', 'p0', 'p1', 'p2')
  -- A running one may still commit.
  if r and r.state ~= 'running' and not isPayload(payloadText(run, r)) then
    r, broken = nil, 'its payload in Redis cannot be read'
  end
  if broken and not isDry then giveUp(run, broken) end
  if not r then return 'gone' end
  local state, fn, lane, entry = r.state, r.fn, r.lane, r.entry
  if state == 'retrying' then
    if redis.call('ZSCORE', P .. 'delay', run) then return 'ok' end
    if not isDry then redis.call('ZADD', P .. 'delay', r.at or t, run) end
    return 'delay-entry'
  end
  if state ~= 'queued' and state ~= 'running' or hasPlace(state, stream(fn, lane), entry) then return 'ok' end
  if isDry then return 'stream-entry' end
  if entry and entry ~= '' then drop(fn, lane, entry) end
  -- A worker that still runs it learns from its next heartbeat that it has lost it.
  r.token = ''
  enqueue(run, r, fn, lane, t)
  woken[fn] = (woken[fn] or 0) + 1
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
for fn, count in pairs(woken) do wakeFor(fn, count) end
return outcomes
