-- Prepended to every script, with prelude_run.lua, prelude_tell.lua and prelude_queue.lua behind it.
-- KEYS  1 prefix of all keys, such as "{sluice}:"
-- ARGV  the script's own
-- Returns nothing: its names are for the text behind it
-- Redis TIME is the only clock.
local P = KEYS[1]

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

-- Adds a debt that is due now; one that is owed already keeps its due time.
local function owe(debt, at)
  local added = redis.call('ZADD', P .. 'tidy', 'NX', at, debt)
  wake('tidy')
  return added
end

-- The script that heals also counts, so that nothing is lost when a process dies before it has stored its pass.
local function countHealed(pass, reason, count)
  if pass ~= '' and count > 0 then redis.call('HINCRBY', P .. 'sweep', 'healed:' .. pass .. ':' .. reason, count) end
end

-- Like RENAME, for which the runtime has no right: it could move the inbox away.
local function moveHash(from, to)
  local fields, ttlMs = redis.call('HGETALL', from), redis.call('PTTL', from)
  redis.call('DEL', from, to)
  redis.call('HSET', to, unpack(fields))
  if ttlMs > 0 then redis.call('PEXPIRE', to, ttlMs) end
end
