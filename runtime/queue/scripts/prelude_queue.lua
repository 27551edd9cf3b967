-- Prepended to every script, behind prelude_tell.lua: where a run waits, and how it ends.
-- KEYS  1 prefix
-- ARGV  the script's own
-- Returns nothing: its names are for the text behind it
-- A run's lane names the stream of its function in which its `entry` waits or is pending: live (uploads), low (reprocess,
-- redrive, sweep), solo (runs that may have killed their worker).
local GROUP = 'w'

local function stream(fn, lane)
  if lane == 'live' then return P .. 'q:' .. fn end
  return P .. 'q:' .. fn .. ':' .. lane
end

-- The only place where an entry leaves its stream. A key of another type has none.
local function drop(fn, lane, entry)
  redis.pcall('XACK', stream(fn, lane), GROUP, entry)
  redis.pcall('XDEL', stream(fn, lane), entry)
end

-- Writes the entry first: an error between the two writes leaves a stray entry, which the next claim drops.
-- Where the stream's key has another type, the run waits in `delay` until that is fixed, and holds up no others.
-- Behind these arguments may be fields and texts for `save`. `r` has its object. Returns whether the run is in its stream.
local function enqueue(run, r, fn, lane, at, ...)
  r.fn = fn
  local entry = redis.pcall('XADD', stream(fn, lane), '*', 'r', run)
  r.lane, r.queuedAt = lane, at
  if entry.err then
    r.state, r.at = 'retrying', at + 5000
    save(run, r, 'entry', '', ...)
    save(run, r, 'error', stream(fn, lane) .. ': ' .. entry.err)
    redis.call('ZADD', P .. 'delay', r.at, run)
    tell(run, r)
    return false
  end
  markReady(fn)
  r.state, r.at = 'queued', nil
  save(run, r, 'entry', entry, ...)
  tell(run, r)
  return true
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

-- A final state. All but success owe a verdict to the bucket. `r` has its function and its object.
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
  tell(run, r)
end

local function bury(run, r, fn, reason, at, ...)
  local letter = put('XADD', P .. 'dead:' .. fn, '*', 'r', run, 'reason', reason)
  r.fn = fn
  finish(run, r, 'dead', at, 'letter', letter, ...)
  count(fn, 'dead')
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
