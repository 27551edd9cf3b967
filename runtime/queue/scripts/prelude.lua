-- Prepended to every script. KEYS[1] is the prefix of all keys, such as "{sluice}:". Redis TIME is the only clock.
-- A run is the hash run:<id>; its lane names the stream of its function in which its `entry` waits or is pending:
-- live (uploads), low (reprocess, redrive, sweep), solo (runs that may have killed their worker).
local P = KEYS[1]
local GROUP = 'w'

local function now()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

local function runKey(run) return P .. 'run:' .. run end
local function textKey(run) return P .. 'text:' .. run end

-- Somebody may have written a key of another type over one of ours. To a reader nothing is there; a writer makes way for what it
-- writes, since otherwise every turn, reclaim or repair that meets the key would fail as a whole, for ever.
local function isOtherType(reply) return string.find(reply.err, 'WRONGTYPE', 1, true) ~= nil end
local function look(command, key, ...)
  local reply = redis.pcall(command, key, ...)
  if type(reply) ~= 'table' or not reply.err then return reply end
  if isOtherType(reply) then return false end
  return redis.call(command, key, ...)
end
local function put(command, key, ...)
  local reply = redis.pcall(command, key, ...)
  if type(reply) ~= 'table' or not reply.err then return reply end
  if isOtherType(reply) then redis.call('DEL', key) end
  return redis.call(command, key, ...)
end

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

local function stream(fn, lane)
  if lane == 'live' then return P .. 'q:' .. fn end
  return P .. 'q:' .. fn .. ':' .. lane
end

local function wake(word) redis.call('PUBLISH', P .. 'wake', word) end

-- There is work for `count` more: wakes as many of the workers that wait for it (`idle:<function>`), the least busy first, each by a
-- word on its own channel. A worker that does not listen is gone and is passed over, and so is the one that asks.
local function wakeFor(fn, count, asker)
  while count > 0 do
    local found = redis.call('ZPOPMIN', P .. 'idle:' .. fn, count)
    if #found == 0 then return end
    for i = 1, #found, 2 do
      if found[i] ~= asker and redis.call('PUBLISH', P .. 'wake:' .. found[i], fn) > 0 then count = count - 1 end
    end
  end
end

-- Functions that may have something waiting, in any lane. A turn reads the streams of these only, and takes off those that it has
-- read to their ends.
local isMarked = {}
local function markReady(fn)
  if isMarked[fn] then return end
  isMarked[fn] = true
  redis.call('SADD', P .. 'ready', fn)
end

-- The only place where an entry leaves its stream. A key of another type has none.
local function drop(fn, lane, entry)
  redis.pcall('XACK', stream(fn, lane), GROUP, entry)
  redis.pcall('XDEL', stream(fn, lane), entry)
end

-- Writes the entry first: an error between the two writes leaves a stray entry, which the next claim drops.
-- Where the stream's key has another type, the run waits in `delay` until that is fixed, and holds up no others.
-- Behind these arguments may be fields and texts for `save`. Returns whether the run is in its stream.
local function enqueue(run, r, fn, lane, at, ...)
  local entry = redis.pcall('XADD', stream(fn, lane), '*', 'r', run)
  r.lane, r.queuedAt = lane, at
  if entry.err then
    r.state, r.at = 'retrying', at + 5000
    save(run, r, 'entry', '', ...)
    save(run, r, 'error', stream(fn, lane) .. ': ' .. entry.err)
    redis.call('ZADD', P .. 'delay', r.at, run)
    return false
  end
  markReady(fn)
  r.state, r.at = 'queued', nil
  save(run, r, 'entry', entry, ...)
  return true
end

-- Keeps a text that cannot become a run: all of it, or the beginning of a longer one. At most 10,000 of 4 KiB, so 40 MB.
local function setAside(text, reason)
  local kept = #text > 4096 and string.sub(text, 1, 1024) or text
  redis.pcall('XADD', P .. 'bad', 'MAXLEN', '~', 10000, '*', 'raw', kept, 'reason', string.sub(reason, 1, 500), 'bytes', #text)
end

-- An intake has processed `n` texts from the head of `in`: they did not kill it.
local function haveRead(intake, n)
  local text = redis.call('HGET', P .. 'reading', intake)
  if not text then return end
  local mark = cjson.decode(text)
  mark.count, mark.deaths, mark.suspects = 0, 0, math.max(0, mark.suspects - n)
  if mark.suspects == 0 then redis.call('HDEL', P .. 'reading', intake)
  else redis.call('HSET', P .. 'reading', intake, cjson.encode(mark)) end
end

-- Records an attempt that did not succeed; the newest ten are kept beside the run.
local function note(run, r, outcome, err, lines, at)
  local key = P .. 'tries:' .. run
  local worker = redis.call('HGET', runKey(run), 'worker') or ''
  local text = cjson.encode({ outcome, r.epoch, worker, r.startedAt or at, at, err, lines })
  -- During an outage a run is released every few seconds: that must not push out the failures, which tell the cause.
  local last = outcome == 'released' and look('LINDEX', key, -1)
  if last and string.find(last, '["released"', 1, true) == 1 then redis.call('LSET', key, -1, text)
  else
    put('RPUSH', key, text)
    redis.call('LTRIM', key, -10, -1)
  end
end

-- Ends a run: removes it from `open`, or from `marked` if it has already been marked superseded.
local function close(run, object)
  if put('SREM', P .. 'open:' .. object, run) == 0 then put('SREM', P .. 'marked:' .. object, run) end
end

-- Debts are texts in the sorted set `tidy`, by due time. Older versions kept verdicts in `verdicts` and `verdicts:later`, from
-- where claim_debts.lua takes them.
local function verdictDebt(run) return '["verdict","' .. run .. '"]' end

local function owesVerdict(run)
  return redis.call('ZSCORE', P .. 'tidy', verdictDebt(run)) or redis.call('SISMEMBER', P .. 'verdicts', run) == 1
    or redis.call('ZSCORE', P .. 'verdicts:later', run)
end

local function payVerdict(run)
  redis.call('ZREM', P .. 'tidy', verdictDebt(run))
  redis.call('HDEL', P .. 'tidy:tries', verdictDebt(run))
  redis.call('SREM', P .. 'verdicts', run)
  redis.call('ZREM', P .. 'verdicts:later', run)
end

-- A final state. All but success owe a verdict to the bucket. `object` is a field of `r`.
local function finish(run, r, state, at, ...)
  local object = r.object
  r.state, r.at = state, at
  dropProgress(run, r)
  save(run, r, 'entry', '', ...)
  redis.call('ZADD', P .. 'ended', at, run)
  close(run, object)
  payVerdict(run)
  if state ~= 'succeeded' then redis.call('ZADD', P .. 'tidy', at, verdictDebt(run)) end
  -- Its source may still be wanted: afterSuccess asks this set, whatever functions its worker knows.
  if state == 'dead' or state == 'cancelled' then
    put('SADD', P .. 'failed:' .. object, run)
    redis.call('PEXPIRE', P .. 'failed:' .. object, 2592000000)
  else
    put('SREM', P .. 'failed:' .. object, run)
  end
end

local function bury(run, r, fn, reason, at, ...)
  local letter = put('XADD', P .. 'dead:' .. fn, '*', 'r', run, 'reason', reason)
  finish(run, r, 'dead', at, 'letter', letter, ...)
end

-- Adds a debt that is due now; one that is owed already keeps its due time.
local function owe(debt, at)
  local added = redis.call('ZADD', P .. 'tidy', 'NX', at, debt)
  wake('tidy')
  return added
end

-- What is known of a verdict at a place: '' for none, the mark of the last note, or 'unknown' while this server, with its data,
-- has not heard of all verdicts.
-- `asked` is the place (32 digits), a space, and the identity of the server behind the caller's connection.
local function verdictAt(asked)
  local mark = redis.call('HGET', P .. 'verdict-places', string.sub(asked, 1, 32))
  if mark then return mark end
  return redis.call('GET', P .. 'verdicts:known') == string.sub(asked, 34) and '' or 'unknown'
end

-- As `debts.ts` has it. The fence tells one result of a run from the next.
local function outdatedDebt(run, fence) return '["outdated","' .. run .. '","' .. fence .. '"]' end

-- The script that heals also counts, so that nothing is lost when a process dies before it has stored its pass.
local function countHealed(pass, reason, count)
  if pass ~= '' and count > 0 then redis.call('HINCRBY', P .. 'sweep', 'healed:' .. pass .. ':' .. reason, count) end
end

-- Removes all traces of a run but its verdict in the bucket.
local function forget(run, fn, letter)
  if fn and letter and letter ~= '' then look('XDEL', P .. 'dead:' .. fn, letter) end
  local object = look('HGET', runKey(run), 'object')
  if object then put('SREM', P .. 'failed:' .. object, run) end
  redis.call('DEL', runKey(run), textKey(run), P .. 'tries:' .. run)
  redis.call('ZREM', P .. 'ended', run)
  redis.call('ZREM', P .. 'runs', run)
end

-- A run whose record cannot be read is forgotten, so that the sweep admits its object again, and put where people see it.
local function giveUp(run, reason)
  look('XADD', P .. 'aside', 'MAXLEN', '~', 10000, '*', 'kind', 'run', 'text', run, 'reason', string.sub(reason, 1, 500))
  local v = look('HMGET', runKey(run), 'object', 'fn', 'letter') or {}
  if v[1] then close(run, v[1]) end
  redis.call('ZREM', P .. 'delay', run)
  payVerdict(run)
  forget(run, v[2], v[3])
end

-- Like RENAME, for which the runtime has no right: it could move the inbox away.
local function moveHash(from, to)
  local fields, ttlMs = redis.call('HGETALL', from), redis.call('PTTL', from)
  redis.call('DEL', from, to)
  redis.call('HSET', to, unpack(fields))
  if ttlMs > 0 then redis.call('PEXPIRE', to, ttlMs) end
end
