-- The second step of a turn (turn.lua): claims what waits, for as many as there are free slots.
-- KEYS  1 prefix
-- ARGV  those of turn.lua, of which it reads the `f` functions
-- Returns the reply of turn.lua when this turn was sent before; otherwise nothing, and leaves `claimed` and `failures` for it

local function describe(run, r)
  return { run, r.fn, r.fence, r.lane, r.attempts, r.epoch, payloadText(run, r), r.trigger, r.createdAt, r.queuedAt or t, t,
    r.generation or '' }
end

local lastKey = P .. 'turn:' .. consumer .. ':' .. slot
local last = redis.call('LRANGE', lastKey, 0, -1)
local claimed = {}
if last[1] == token then
  for i = 2, #last do
    local r = load(last[i], 'fn', 'entry', 'generation', 'p0', 'p1', 'p2')
    if r and r.state == 'running' and r.token == tokenOf(token) then
      redis.call('XCLAIM', stream(r.fn, r.lane), GROUP, consumer, 0, r.entry, 'JUSTID')
      claimed[#claimed + 1] = describe(last[i], r)
    end
  end
  return { settled, claimed, {}, 0 }
end

local failures = {}
local function read(key, count)
  local reply = redis.pcall('XREADGROUP', 'GROUP', GROUP, consumer, 'COUNT', count, 'STREAMS', key, '>')
  if reply and reply.err and string.find(reply.err, 'NOGROUP', 1, true) then
    redis.call('XGROUP', 'CREATE', key, GROUP, 0, 'MKSTREAM')
    reply = redis.call('XREADGROUP', 'GROUP', GROUP, consumer, 'COUNT', count, 'STREAMS', key, '>')
  end
  if reply and reply.err then failures[#failures + 1] = key .. ': ' .. reply.err end
  if reply and reply.err then return {}, false end
  local entries = reply and reply[1][2] or {}
  return entries, #entries < count
end

local ready = {}
for _, fn in ipairs(redis.call('SMEMBERS', P .. 'ready')) do ready[fn] = true end
local function mayHave(fn) return looksAtAll or ready[fn] end

-- Claims up to `count` runs of one stream, starts them and returns how many; entries that belong to no queued run are dropped.
local function take(want, lane, count)
  local fn, started = want.fn, 0
  while mayHave(fn) and started < count and not want.isRead[lane] do
    local entries, isEnd = read(stream(fn, lane), count - started)
    want.isRead[lane] = isEnd
    for _, item in ipairs(entries) do
      local entry, run = item[1], item[2][2]
      local r, broken = load(run, 'fn', 'object', 'entry', 'generation', 'p0', 'p1', 'p2')
      if r and r.state == 'queued' and r.entry == entry and r.lane == lane and r.fn == fn then
        dropProgress(run, r)
        r.state, r.fence, r.token, r.startedAt, r.hint = 'running', tostring(r.fence + 1), tokenOf(token), t, nil
        save(run, r, 'worker', consumer)
        tell(run, r)
        claimed[#claimed + 1] = describe(run, r)
        started = started + 1
      else
        if broken then giveUp(run, broken) end
        drop(fn, lane, entry)
      end
    end
    if #entries == 0 then break end
  end
  want.claimed = want.claimed + started
  if started > 0 then isTouched[fn] = true end
  return started
end

local wanted, wantOf = {}, {}
for i = 1, tonumber(ARGV[p]) do
  local at = p + 1 + (i - 1) * 3
  wanted[i] = { fn = ARGV[at], free = tonumber(ARGV[at + 1]), low = tonumber(ARGV[at + 2]), claimed = 0, isRead = {} }
  wantOf[ARGV[at]] = wanted[i]
end
p = p + 1 + #wanted * 3

local function takeWork()
  for _, want in ipairs(wanted) do
    local free = want.free
    free = free - take(want, 'low', math.min(want.low, free))
    free = free - take(want, 'live', free)
    take(want, 'low', free)
  end
end

-- A run that may have killed its worker gets a worker to itself: an idle one takes it, and nothing else.
local function takeSolo()
  for _, want in ipairs(wanted) do
    if take(want, 'solo', 1) > 0 then
      rest(REST_MS)
      return
    end
  end
end

local function isSoloWaiting()
  local isAny = false
  for _, want in ipairs(wanted) do
    local length = mayHave(want.fn) and redis.pcall('XLEN', stream(want.fn, 'solo')) or 0
    if type(length) == 'table' then
      failures[#failures + 1] = stream(want.fn, 'solo') .. ': ' .. length.err
    elseif length > 0 then
      local pending = redis.pcall('XPENDING', stream(want.fn, 'solo'), GROUP)
      want.isSolo = length > (pending.err and 0 or pending[1])
    end
    isAny = isAny or want.isSolo
  end
  return isAny
end

-- The first busy worker that sets `solo` claims nothing more until it is idle.
local function holdsBack()
  if redis.call('SET', P .. 'solo', consumer, 'NX', 'PX', 60000) then return true end
  if redis.call('GET', P .. 'solo') ~= consumer then return false end
  redis.call('PEXPIRE', P .. 'solo', 60000)
  return true
end

local takesWork = true
if #wanted > 0 and isSoloWaiting() then
  local isResting = redis.call('EXISTS', P .. 'solo:rest:' .. consumer) == 1
  if isIdle and not isResting then takeSolo() end
  if isIdle and redis.call('GET', P .. 'solo') == consumer then redis.call('DEL', P .. 'solo') end
  takesWork = #claimed == 0 and (isIdle or isResting or not holdsBack())
  if takesWork then takeWork() end
  if #claimed == 0 and isIdle then takeSolo() end
else
  takeWork()
end

if #claimed > 0 then
  redis.call('DEL', lastKey)
  local runs = { token }
  for _, item in ipairs(claimed) do runs[#runs + 1] = item[1] end
  many('RPUSH', lastKey, runs)
  redis.call('PEXPIRE', lastKey, 600000)
end
