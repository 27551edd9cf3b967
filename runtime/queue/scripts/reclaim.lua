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
  local v = run and redis.call('HMGET', runKey(run), 'state', 'entry', 'object', 'cancel', 'lane') or {}
  drop(fn, lane, entry)
  -- Entries of two streams may have the same id.
  if v[2] ~= entry or v[5] ~= lane then return end
  if v[1] == 'queued' then
    enqueue(run, fn, lane, t)
    taken[#taken + 1] = { run, fn, 'requeued', worker, how }
  elseif v[1] == 'running' then
    local crashes = lane == 'solo' and redis.call('HINCRBY', runKey(run), 'crashes', 1) or 0
    local isSuspect = lane == 'solo' or fate ~= nil or redis.call('HINCRBY', runKey(run), 'losses', 1) >= MAX_LOSSES
    local lost = 'its worker was lost: ' .. worker .. ' ' .. how
    if crashes > 0 then
      lost = 'it took its worker down ' .. crashes .. ' times while it ran alone there; the last one, ' .. worker .. ', ' .. how
    end
    note(run, 'lost', lost, '', t)
    redis.call('HSET', runKey(run), 'token', '', 'error', lost)
    if v[4] == '1' then
      finish(run, 'cancelled', t, v[3])
      taken[#taken + 1] = { run, fn, 'cancelled', worker, how }
    elseif crashes >= maxCrashes then
      bury(run, fn, 'crash-loop', t, v[3])
      taken[#taken + 1] = { run, fn, 'dead', worker, how }
    else
      enqueue(run, fn, isSuspect and 'solo' or lane, t)
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
