-- Prepended to every script, behind prelude.lua: how a run is read and written.
-- KEYS  1 prefix
-- ARGV  the script's own
-- Returns nothing: its names are for the text behind it
-- A run is the hash run:<id>.
-- Redis keeps a hash as one compact text while no value is longer than 64 bytes (hash-max-listpack-value), and needs three times
-- the memory otherwise. Therefore all that changes with each step of a run is packed into its field `s`, the payload is in pieces
-- `p0`, `p1` and so on, and longer texts are in the hash text:<id>. `s` is read by run-record.ts too:
-- letters of state, lane, trigger and flags, fence, token, attempts, crashes, losses, copies, dups, epoch, createdAt, then in ms
-- since that: queuedAt, startedAt, and when it is due (retrying) or ended. A count of 0 is empty.
local SHORT = 64
local STATES = { q = 'queued', r = 'running', w = 'retrying', s = 'succeeded', d = 'dead', c = 'cancelled', o = 'superseded',
  g = 'source-gone' }
local LANES = { l = 'live', b = 'low', s = 'solo' }
local TRIGGERS = { u = 'upload', s = 'sweep', p = 'reprocess', d = 'redrive' }
local HINTS = { o = 'superseded', g = 'source-gone' }
local function lettersOf(names)
  local letters = {}
  for letter, name in pairs(names) do letters[name] = letter end
  return letters
end
local STATE, LANE, TRIGGER, HINT = lettersOf(STATES), lettersOf(LANES), lettersOf(TRIGGERS), lettersOf(HINTS)
local PACKED = '^(%l)(%l)(%l)([ogcpx]*),(%d+),([^,]*),' .. string.rep('(%d*),', 6) .. '(%d+),(%-?%d*),(%-?%d*),(%-?%d*)$'

-- The end of a token is random enough to tell whose it is.
local function tokenOf(text) return string.sub(text, -12) end

local function unpacked(text)
  local state, lane, trigger, flags, fence, token, attempts, crashes, losses, copies, dups, epoch, created, queued, started, at =
    string.match(text, PACKED)
  state, lane, trigger, created = STATES[state], LANES[lane], TRIGGERS[trigger], tonumber(created)
  if not state or not lane or not trigger then return nil, 'its state cannot be read: ' .. text end
  local function since(ms) return ms ~= '' and created + ms or nil end
  local r = { state = state, lane = lane, trigger = trigger, hint = nil, isCancelled = false, hasProgress = false, hasTexts = false,
    fence = fence, token = token, attempts = tonumber(attempts) or 0, crashes = tonumber(crashes) or 0,
    losses = tonumber(losses) or 0, copies = tonumber(copies) or 0, dups = tonumber(dups) or 0, epoch = tonumber(epoch) or 0,
    createdAt = created, queuedAt = since(queued), startedAt = since(started), at = since(at) }
  if flags ~= '' then
    local function has(letter) return string.find(flags, letter, 1, true) ~= nil end
    r.hint, r.isCancelled = HINTS[string.match(flags, '[og]')], has('c')
    r.hasProgress, r.hasTexts = has('p'), has('x')
  end
  return r
end

local function counted(n) return n == 0 and '' or n end
local function packed(r)
  local created = r.createdAt
  local letters = STATE[r.state] .. LANE[r.lane] .. TRIGGER[r.trigger]
  if r.hint or r.isCancelled or r.hasProgress or r.hasTexts then
    letters = letters .. (HINT[r.hint] or '') .. (r.isCancelled and 'c' or '') .. (r.hasProgress and 'p' or '')
      .. (r.hasTexts and 'x' or '')
  end
  return table.concat({ letters, r.fence, r.token, counted(r.attempts), counted(r.crashes), counted(r.losses), counted(r.copies),
    counted(r.dups), counted(r.epoch), created, r.queuedAt and r.queuedAt - created or '',
    r.startedAt and r.startedAt - created or '', r.at and r.at - created or '' }, ',')
end

-- The release before kept a field for each. Its runs are read for one release; the first step of one writes it as above.
local OLD = { 'state', 'lane', 'trigger', 'fence', 'token', 'attempts', 'crashes', 'losses', 'copies', 'dups', 'epoch', 'createdAt',
  'queuedAt', 'startedAt', 'endedAt', 'dueAt', 'hint', 'cancel', 'progress', 'beatAt' }
local function unpackedOld(v)
  local function number(i) return tonumber(v[i]) or 0 end
  local state = v[1]
  local at = state == 'retrying' and v[16] or v[15]
  return { isOld = true, state = state, lane = LANE[v[2]] and v[2] or 'live', trigger = TRIGGER[v[3]] and v[3] or 'upload',
    fence = v[4] or '0', token = tokenOf(v[5] or ''), attempts = number(6), crashes = number(7), losses = number(8),
    copies = number(9), dups = number(10), epoch = number(11), createdAt = number(12), queuedAt = tonumber(v[13] or ''),
    startedAt = tonumber(v[14] or ''), at = tonumber(at or ''), hint = HINT[v[17]] and v[17], isCancelled = v[18] == '1',
    hasProgress = v[19] and true }
end

local function newRun(at, trigger, copies)
  return { trigger = trigger, fence = '0', token = '', attempts = 0, crashes = 0, losses = 0, copies = copies, dups = 0, epoch = 0,
    createdAt = at }
end

-- The run with these fields beside its state, false where there is none; nil when there is no run, and nil and the reason when
-- it cannot be read.
local function load(run, ...)
  local names = { ... }
  local v = redis.pcall('HMGET', runKey(run), 's', ...)
  if v.err then return nil, 'its key in Redis is of another type: ' .. v.err end
  local r, broken
  if v[1] then r, broken = unpacked(v[1])
  else
    local old = redis.call('HMGET', runKey(run), unpack(OLD))
    if STATE[old[1]] then r = unpackedOld(old) end
  end
  if not r then return nil, broken end
  for i = 1, #names do r[names[i]] = v[i + 1] end
  if r.fn == false or r.object == false then return nil, 'half of it is gone: it names no function or no object' end
  return r
end

-- Writes the state of a run and any number of: field, text ('' removes it).
local MAY_BE_LONG = { payload = true, result = true, error = true, lines = true, progress = true }
local function save(run, r, ...)
  local texts, h = { ... }, runKey(run)
  local short, long, gone = {}, {}, {}
  for i = 1, #texts, 2 do
    local name, text = texts[i], texts[i + 1]
    local to = #text > SHORT and MAY_BE_LONG[name] and long or short
    if text ~= '' then
      to[#to + 1] = name
      to[#to + 1] = text
    end
    if text == '' or to == long then gone[#gone + 1] = name end
    -- What is short now may have been long before.
    if r.hasTexts and to == short and MAY_BE_LONG[name] then put('HDEL', textKey(run), name) end
  end
  if #long > 0 then
    put('HSET', textKey(run), unpack(long))
    r.hasTexts = true
  end
  if r.isOld then
    redis.call('HDEL', h, unpack(OLD))
    r.isOld = false
  end
  redis.call('HSET', h, 's', packed(r), unpack(short))
  if #gone > 0 then redis.call('HDEL', h, unpack(gone)) end
end

-- Before the next attempt, and after the last one.
local function dropProgress(run, r)
  if not r.hasProgress then return end
  redis.call('HDEL', runKey(run), 'progress')
  if r.hasTexts then put('HDEL', textKey(run), 'progress') end
  r.hasProgress = false
end

-- A payload as fields, for `save`. A piece ends where a character does, since readers decode each by itself.
local PIECES = { 'p0', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7' }
local function piecesOf(text)
  local fields, from = {}, 1
  for _, name in ipairs(PIECES) do
    if from > #text then break end
    local to = math.min(from + SHORT - 1, #text)
    for _ = 1, 3 do
      local behind = string.byte(text, to + 1)
      if not behind or behind < 128 or behind > 191 then break end
      to = to - 1
    end
    fields[#fields + 1] = name
    fields[#fields + 1] = string.sub(text, from, to)
    from = to + 1
  end
  if from <= #text then return { 'payload', text } end
  return fields
end

-- `r` may have the first three already, which mostly are all.
local function payloadText(run, r)
  if r and r.p0 and (not r.p2 or #r.p2 < SHORT - 3) then return r.p0 .. (r.p1 or '') .. (r.p2 or '') end
  local v = redis.call('HMGET', runKey(run), 'payload', unpack(PIECES))
  if v[1] then return v[1] end
  if not v[2] then return look('HGET', textKey(run), 'payload') or '' end
  local text = v[2]
  for i = 3, #v do text = text .. (v[i] or '') end
  return text
end

-- Bucket, key and size; nil when they cannot be read. The release before kept the payload with the names of its members.
local function sourceOf(run)
  local isRead, payload = pcall(cjson.decode, payloadText(run))
  if not isRead or type(payload) ~= 'table' then return end
  local bucket, key = payload[1] or payload.bucket, payload[2] or payload.key
  if type(bucket) ~= 'string' or type(key) ~= 'string' then return end
  return bucket, key, tonumber(payload[5] or payload.sizeBytes) or 0
end
