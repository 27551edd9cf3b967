-- Prepended to every script. KEYS[1] is the prefix of all keys, such as "{sluice}:". Redis TIME is the only clock.
-- A run is the hash run:<id>; `lane` names the stream of its function in which its `entry` waits or is pending:
-- live (uploads), low (reprocess, redrive, sweep), solo (runs that may have killed their worker).
local P = KEYS[1]
local GROUP = 'w'

local function now()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

local function runKey(run) return P .. 'run:' .. run end

local function stream(fn, lane)
  if lane == 'live' then return P .. 'q:' .. fn end
  return P .. 'q:' .. fn .. ':' .. lane
end

local function wake(word) redis.call('PUBLISH', P .. 'wake', word) end

-- There is work for `count` more: wakes as many of the workers that wait for it (`idle:<function>`), the least busy first, each by a
-- word on its own channel. A worker that does not listen is gone and is passed over, and so is the one that asks.
-- Workers of the release before wait on `wake` only; others also listen to `wake:own`, so that they can be told apart.
local function wakeFor(fn, count, asker)
  if count < 1 then return end
  local listeners = redis.call('PUBSUB', 'NUMSUB', P .. 'wake', P .. 'wake:own')
  if listeners[2] > listeners[4] then wake(fn) end
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
-- Returns whether the run is in its stream.
local function enqueue(run, fn, lane, at)
  local entry = redis.pcall('XADD', stream(fn, lane), '*', 'r', run)
  if entry.err then
    redis.call('HSET', runKey(run), 'state', 'retrying', 'lane', lane, 'entry', '', 'queuedAt', at, 'dueAt', at + 5000,
      'error', stream(fn, lane) .. ': ' .. entry.err)
    redis.call('ZADD', P .. 'delay', at + 5000, run)
    return false
  end
  markReady(fn)
  redis.call('HSET', runKey(run), 'state', 'queued', 'lane', lane, 'entry', entry, 'queuedAt', at)
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
local function note(run, outcome, err, lines, at)
  local v = redis.call('HMGET', runKey(run), 'epoch', 'worker', 'startedAt')
  local key = P .. 'tries:' .. run
  local startedAt = tonumber(v[3]) or at
  local text = cjson.encode({ outcome, tonumber(v[1]), v[2] or '', startedAt, at, err, lines })
  -- During an outage a run is released every few seconds: that must not push out the failures, which tell the cause.
  local last = outcome == 'released' and redis.call('LINDEX', key, -1)
  if last and string.find(last, '["released"', 1, true) == 1 then redis.call('LSET', key, -1, text)
  else
    redis.call('RPUSH', key, text)
    redis.call('LTRIM', key, -10, -1)
  end
end

-- Ends a run: removes it from `open`, or from `marked` if it has already been marked superseded.
local function close(run, object)
  if redis.call('SREM', P .. 'open:' .. object, run) == 0 then redis.call('SREM', P .. 'marked:' .. object, run) end
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

-- A final state. All but success owe a verdict to the bucket.
local function finish(run, state, at, object)
  redis.call('HSET', runKey(run), 'state', state, 'endedAt', at, 'entry', '')
  redis.call('ZADD', P .. 'ended', at, run)
  close(run, object)
  payVerdict(run)
  if state ~= 'succeeded' then redis.call('ZADD', P .. 'tidy', at, verdictDebt(run)) end
  -- Its source may still be wanted: afterSuccess asks this set, whatever functions its worker knows.
  if state == 'dead' or state == 'cancelled' then
    redis.call('SADD', P .. 'failed:' .. object, run)
    redis.call('PEXPIRE', P .. 'failed:' .. object, 2592000000)
  else
    redis.call('SREM', P .. 'failed:' .. object, run)
  end
end

local function bury(run, fn, reason, at, object)
  local letter = redis.call('XADD', P .. 'dead:' .. fn, '*', 'r', run, 'reason', reason)
  redis.call('HSET', runKey(run), 'reason', reason, 'letter', letter)
  finish(run, 'dead', at, object)
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
  if letter and letter ~= '' then redis.call('XDEL', P .. 'dead:' .. fn, letter) end
  local object = redis.call('HGET', runKey(run), 'object')
  if object then redis.call('SREM', P .. 'failed:' .. object, run) end
  redis.call('DEL', runKey(run), P .. 'tries:' .. run)
  redis.call('ZREM', P .. 'ended', run)
  redis.call('ZREM', P .. 'runs', run)
end
