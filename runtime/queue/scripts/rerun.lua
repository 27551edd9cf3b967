-- Runs objects again, from the start and after live uploads: reprocess (any run that has ended, or that never existed), redrive
-- (dead letters only) or sweep (the latest version that has no result of its own; never a run that is dead or cancelled). As a
-- step of a job it happens once, however often it is sent.
-- KEYS  1 prefix
-- ARGV  1 job ('' for none)  2 how many of the job's items were processed before these  3 trigger: reprocess | redrive | sweep
--       4 1 to restart runs that are queued, retrying or running, too  5 token of this request, if it is without a job
--       6 pass of the sweep for which this heals ('' for none)
--       then any number of: run, function, object, generation, payload (these four '' where the run has them),
--       the epoch that the run must still have ('none' when it must not exist; '' for any)
-- Returns {1, outcome of each: queued | busy | ended | unknown}, or {0} when the job has ended or is past this step
local job, position, trigger, isForced, token = ARGV[1], ARGV[2], ARGV[3], ARGV[4] == '1', ARGV[5]
local pass = ARGV[6]
local t = now()
local jobKey = P .. 'job:' .. job
if job ~= '' then
  local v = redis.call('HMGET', jobKey, 'status', 'position')
  if v[1] ~= 'running' or v[2] ~= position then return { 0 } end
end

local woken = {}
local function rerun(run, fn, object, generation, payload, seen)
  local h = runKey(run)
  local v = redis.call('HMGET', h, 'state', 'fn', 'object', 'letter', 'epoch', 'lane', 'entry', 'asked', 'fence')
  local state = v[1]
  if token ~= '' and v[8] == token then return 'queued' end
  -- The decision was about an earlier end of the run than its last one.
  if seen ~= '' and (v[5] or 'none') ~= seen then return 'ended' end
  if not state then
    if payload == '' then return 'unknown' end
    redis.call('HSET', h, 'fn', fn, 'object', object, 'generation', generation, 'event', '', 'copies', 0, 'dups', 0, 'fence', 0)
    v = { false, fn, object, '', '-1', '', '' }
  elseif trigger == 'redrive' and state ~= 'dead' then
    return (state == 'queued' or state == 'running' or state == 'retrying') and 'busy' or 'ended'
  elseif trigger == 'sweep' and (state == 'dead' or state == 'cancelled') then
    return 'ended'
  elseif state == 'queued' or state == 'running' or state == 'retrying' then
    if not isForced then return 'busy' end
    if state ~= 'retrying' then drop(v[2], v[6], v[7]) end
    redis.call('ZREM', P .. 'delay', run)
    -- An attempt in progress has lost the run: the fence changes, and its worker is notified.
    redis.call('HINCRBY', h, 'fence', 1)
    if state == 'running' then wake('cancel:' .. run .. ':' .. v[9]) end
  end
  if payload ~= '' then redis.call('HSET', h, 'payload', payload) end
  redis.call('HSET', h, 'attempts', 0, 'crashes', 0, 'trigger', trigger, 'asked', job ~= '' and job or token,
    'epoch', math.max(tonumber(v[5]) + 1, t), 'createdAt', t)
  redis.call('HDEL', h, 'reason', 'error', 'lines', 'letter', 'cancel', 'hint', 'result', 'endedAt', 'token', 'progress',
    'losses')
  redis.call('SREM', P .. 'marked:' .. v[3], run)
  redis.call('SADD', P .. 'open:' .. v[3], run)
  redis.call('SREM', P .. 'failed:' .. v[3], run)
  redis.call('ZREM', P .. 'ended', run)
  redis.call('ZADD', P .. 'runs', t, run)
  payVerdict(run)
  enqueue(run, v[2], 'low', t)
  countHealed(pass, 'restored', 1)
  if v[4] and v[4] ~= '' then redis.call('XDEL', P .. 'dead:' .. v[2], v[4]) end
  woken[v[2]] = (woken[v[2]] or 0) + 1
  return 'queued'
end

local outcomes = {}
local queued = 0
for p = 7, #ARGV, 6 do
  local outcome = rerun(ARGV[p], ARGV[p + 1], ARGV[p + 2], ARGV[p + 3], ARGV[p + 4], ARGV[p + 5])
  if outcome == 'queued' then queued = queued + 1 end
  outcomes[#outcomes + 1] = outcome
end
for fn, count in pairs(woken) do wakeFor(fn, count) end
if job ~= '' then
  redis.call('HINCRBY', jobKey, 'position', #outcomes)
  redis.call('HINCRBY', jobKey, 'handedOut', queued)
  redis.call('HINCRBY', jobKey, 'passedOver', #outcomes - queued)
end
return { 1, outcomes }
