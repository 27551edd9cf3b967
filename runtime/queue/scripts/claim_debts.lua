-- Hands out debts that are due, in the order of their due times. Each is claimed: its due time moves on, so that no other process
-- pays it meanwhile, and one does when this process dies. A debt that this process cannot pay is left to others first; when none
-- has come for it in time, it is handed out all the same, to be put off.
-- KEYS  1 prefix
-- ARGV  1 how many at most  2 for how long in ms  3 how long a debt is left to others in ms
--       4 how many of the first debts to pass over: earlier calls of the same round have left them to others
--       n, then n debts: only these ('0': all)
--       then any number of: what this process knows, such as 'kind "source"', 'function "cut"', 'bucket "incoming"'
-- Returns {Redis's clock, how many to pass over in the next call, 1 when there may be more,
--          {debts: text, since when it was due, attempts, time of the first one, what this process does not know ('' for nothing)}}
local count, claimMs, waitMs, passed = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local SCAN = 1000
local t = now()

-- Older versions kept verdicts apart: runs in the set `verdicts` or, with a due time, in `verdicts:later`.
local function adopt(run, dueAt)
  local r = load(run, 'verdictTries')
  if redis.call('ZADD', P .. 'tidy', 'NX', dueAt, verdictDebt(run)) == 1 and r and r.verdictTries then
    redis.call('HSET', P .. 'tidy:tries', verdictDebt(run), r.verdictTries .. ' ' .. (r.at or t))
  end
  look('HDEL', runKey(run), 'verdictTries')
  redis.call('SREM', P .. 'verdicts', run)
  redis.call('ZREM', P .. 'verdicts:later', run)
end
for _, run in ipairs(redis.call('SRANDMEMBER', P .. 'verdicts', 100)) do adopt(run, t) end
local later = redis.call('ZRANGE', P .. 'verdicts:later', 0, 99, 'WITHSCORES')
for i = 1, #later, 2 do adopt(later[i], later[i + 1]) end

local only = {}
for i = 6, 5 + tonumber(ARGV[5]) do only[#only + 1] = ARGV[i] end
local knows = {}
for i = 6 + #only, #ARGV do knows[ARGV[i]] = true end

-- What a process has to know in order to pay a debt; '' when any can: nothing is left to do, or it cannot be read.
local function needOf(text)
  local isRead, debt = pcall(cjson.decode, text)
  if not isRead or type(debt) ~= 'table' or type(debt[1]) ~= 'string' then return '' end
  local kind, of = debt[1], tostring(debt[2])
  if not knows['kind "' .. kind .. '"'] then return 'kind "' .. kind .. '"' end
  if kind == 'look' then return 'bucket "' .. of .. '"' end
  if kind == 'verdict' or kind == 'outdated' then
    local fn = look('HGET', runKey(of), 'fn')
    return fn and 'function "' .. fn .. '"' or ''
  end
  if kind ~= 'source' then return 'function "' .. of .. '"' end
  local r = load(of)
  local source = r and r.state == 'succeeded' and sourceOf(of)
  return source and 'function that removes sources of "' .. tostring(source) .. '"' or ''
end

local due = {}
if #only == 0 then due = redis.call('ZRANGEBYSCORE', P .. 'tidy', '-inf', t, 'WITHSCORES', 'LIMIT', passed, SCAN) end
for _, text in ipairs(only) do
  local dueAt = redis.call('ZSCORE', P .. 'tidy', text)
  if dueAt and tonumber(dueAt) <= t then
    due[#due + 1] = text
    due[#due + 1] = dueAt
  end
end

local claimed = {}
local looked = 0
while looked < #due and #claimed < count do
  local text, dueAt = due[looked + 1], tonumber(due[looked + 2])
  looked = looked + 2
  local need = needOf(text)
  if knows[need] then need = '' end
  if need == '' or dueAt <= t - waitMs then
    redis.call('ZADD', P .. 'tidy', 'XX', t + claimMs, text)
    local tries = redis.call('HGET', P .. 'tidy:tries', text) or ''
    local attempts, since = string.match(tries, '^(%d+) (%d+)')
    claimed[#claimed + 1] = { text, dueAt, tonumber(attempts or 0), tonumber(since or t), need }
  else
    passed = passed + 1
  end
end
return { t, passed, (#claimed == count or #due == 2 * SCAN) and 1 or 0, claimed }
