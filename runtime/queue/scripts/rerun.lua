-- Runs objects again, from the start and after live uploads: reprocess (any run that has ended, or that never existed), redrive
-- (dead letters only) or sweep (the latest version that has no result of its own; never a run that is dead or cancelled). As a
-- step of a job it happens once, however often it is sent.
-- KEYS  1 prefix
-- ARGV  1 job ('' for none)  2 how many of the job's items were processed before these  3 trigger: reprocess | redrive | sweep
--       4 1 to restart runs that are queued, retrying or running, too  5 token of this request, if it is without a job
--       6 pass of the sweep for which this heals ('' for none)
--       then any number of: run, function, object, generation, payload (these four '' where the run has them),
--       the epoch that the run must still have ('none' when it must not exist; '' for any; '<n': one below n, and then also
--       one that is open is restarted: it was made without what a lost request had asked for)
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
  local r, broken = load(run, 'fn', 'object', 'letter', 'entry', 'asked')
  if broken then giveUp(run, broken) end
  local state = r and r.state
  if r and token ~= '' and r.asked == token then return 'queued' end
  -- The decision was about an earlier end of the run than its last one.
  local stale = tonumber(seen:match('^<(%d+)$'))
  if stale then
    if r and r.epoch >= stale then return 'ended' end
  elseif seen ~= '' and (r and tostring(r.epoch) or 'none') ~= seen then return 'ended' end
  if not r then
    if payload == '' then return 'unknown' end
    r = newRun(t, trigger, 0)
    r.fn, r.object, r.epoch = fn, object, -1
  elseif trigger == 'redrive' and state ~= 'dead' then
    return (state == 'queued' or state == 'running' or state == 'retrying') and 'busy' or 'ended'
  elseif trigger == 'sweep' and (state == 'dead' or state == 'cancelled') then
    return 'ended'
  elseif state == 'queued' or state == 'running' or state == 'retrying' then
    if not (isForced or stale) then return 'busy' end
    if state ~= 'retrying' then drop(r.fn, r.lane, r.entry) end
    redis.call('ZREM', P .. 'delay', run)
    -- An attempt in progress has lost the run: the fence changes, and its worker is notified.
    if state == 'running' then wake('cancel:' .. run .. ':' .. r.fence) end
    r.fence = tostring(r.fence + 1)
  end
  -- The first write is one that a full Redis refuses.
  redis.call('ZADD', P .. 'runs', t, run)
  if not state then redis.call('DEL', runKey(run), textKey(run)) end
  r.attempts, r.crashes, r.losses, r.token, r.trigger, r.createdAt = 0, 0, 0, '', trigger, t
  r.hint, r.isCancelled, r.hasProgress, r.startedAt = nil, false, false, nil
  r.epoch = math.max(r.epoch + 1, t)
  if state then redis.call('HDEL', runKey(run), 'reason', 'error', 'lines', 'letter', 'result', 'progress') end
  if r.hasTexts then put('HDEL', textKey(run), 'error', 'lines', 'result', 'progress') end
  local fields = { 'fn', r.fn, 'object', r.object, 'asked', job ~= '' and job or token }
  if payload ~= '' then
    if state then redis.call('HDEL', runKey(run), 'payload', unpack(PIECES)) end
    if r.hasTexts then put('HDEL', textKey(run), 'payload') end
    fields[#fields + 1] = 'generation'
    fields[#fields + 1] = generation
    for _, text in ipairs(piecesOf(payload)) do fields[#fields + 1] = text end
  end
  put('SREM', P .. 'marked:' .. r.object, run)
  put('SADD', P .. 'open:' .. r.object, run)
  put('SREM', P .. 'failed:' .. r.object, run)
  redis.call('ZREM', P .. 'ended', run)
  payVerdict(run)
  enqueue(run, r, r.fn, 'low', t, unpack(fields))
  countHealed(pass, 'restored', 1)
  if r.letter and r.letter ~= '' then look('XDEL', P .. 'dead:' .. r.fn, r.letter) end
  woken[r.fn] = (woken[r.fn] or 0) + 1
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
  tellOf('job', job)
end
return { 1, outcomes }
