-- Takes back the runs of lost workers: entries that were not renewed for a whole lease. A supervisor notes the fate of its worker
-- in fate:<worker>. Any run of a worker that crashed, or whose event loop is blocked (held), may have caused that, so each
-- continues alone (lane solo). A worker that gets no CPU (starved) keeps its runs. Without a note (the whole machine is gone)
-- the runs return to their lanes, and become suspect when that happens twice. Losing a worker while a run was alone in it
-- counts as a crash of that run.
-- KEYS  1 prefix
-- ARGV  1 lease in ms  2 crashes allowed  3 how many entries per stream at most
--       4 Redis's clock when the caller last heard of it  5 how old that may be in ms, then the functions
--         After Redis was stopped, a call that waited in a pipe would find every lease expired: it is too old to act.
-- Returns {{run, function, outcome: requeued | dead | cancelled, the lost worker, how it was lost (in words)}}
local leaseMs, maxCrashes, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local t = now()
local taken = {}
local MAX_LOSSES = 2
if t - tonumber(ARGV[4]) > tonumber(ARGV[5]) then return taken end

local function fateOf(worker)
  local kind, how = string.match(redis.call('GET', P .. 'fate:' .. worker) or '', '^(%a+) (.+)$')
  return kind, how or 'is not heard of any more'
end

local function takeBack(fn, lane, item)
  local entry, worker = item[1], item[2]
  local fate, how = fateOf(worker)
  if fate == 'starved' then
    redis.call('XCLAIM', stream(fn, lane), GROUP, worker, 0, entry, 'JUSTID')
    return
  end
  local found = redis.call('XRANGE', stream(fn, lane), entry, entry)
  local run = found[1] and found[1][2][2]
  local r, broken
  if run then r, broken = load(run, 'fn', 'entry', 'object') end
  drop(fn, lane, entry)
  if broken then giveUp(run, broken) end
  -- Entries of two streams may have the same id.
  if not r or r.entry ~= entry or r.lane ~= lane then return end
  if r.state == 'queued' then
    enqueue(run, r, fn, lane, t)
    taken[#taken + 1] = { run, fn, 'requeued', worker, how }
  elseif r.state == 'running' then
    if lane == 'solo' then r.crashes = r.crashes + 1
    elseif fate == nil then r.losses = r.losses + 1 end
    local isSuspect = lane == 'solo' or fate ~= nil or r.losses >= MAX_LOSSES
    local lost = 'its worker was lost: ' .. worker .. ' ' .. how
    if r.crashes > 0 then
      lost = 'it took its worker down ' .. r.crashes .. ' times while it ran alone there; the last one, ' .. worker .. ', ' .. how
    end
    note(run, r, 'lost', lost, '', t)
    r.token = ''
    if r.isCancelled then
      finish(run, r, 'cancelled', t, 'error', lost)
      taken[#taken + 1] = { run, fn, 'cancelled', worker, how }
    elseif r.crashes >= maxCrashes then
      bury(run, r, fn, 'crash-loop', t, 'reason', 'crash-loop', 'error', lost)
      taken[#taken + 1] = { run, fn, 'dead', worker, how }
    else
      enqueue(run, r, fn, isSuspect and 'solo' or lane, t, 'error', lost)
      count(fn, 'failed')
      taken[#taken + 1] = { run, fn, 'requeued', worker, how }
    end
  end
end

for i = 6, #ARGV do
  local fn = ARGV[i]
  for _, lane in ipairs({ 'live', 'low', 'solo' }) do
    local expired = redis.pcall('XPENDING', stream(fn, lane), GROUP, 'IDLE', leaseMs, '-', '+', limit)
    if not expired.err then
      for _, item in ipairs(expired) do takeBack(fn, lane, item) end
    end
  end
end
if #taken > 0 then wake('reclaimed') end
return taken
