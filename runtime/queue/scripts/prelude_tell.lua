-- Prepended to every script, behind prelude_run.lua: at its end a call tells its changes, and counts attempts that have ended.
-- KEYS  1 prefix
-- ARGV  the script's own
-- Returns nothing: `tell` and `count` are for the text behind it; scripts.ts calls `announce` when that has returned
-- One message a call, read by changes.ts: for each run a line `run function state object`, at most 200, then `more`; for other
-- things a line `kind name`. Readers that were not listening read the state.
local TOLD_MAX = 200
local told, counts = {}, {}

-- `r` has its function and its object.
local function tell(run, r) told[#told + 1] = run .. ' ' .. r.fn .. ' ' .. r.state .. ' ' .. r.object end
local function tellOf(kind, name) told[#told + 1] = kind .. ' ' .. name end

-- An attempt has ended: done, failed (it is tried again) or dead (it is not).
local function count(fn, outcome)
  local field = fn .. ' ' .. outcome
  counts[field] = (counts[field] or 0) + 1
end

-- Kept for a day and an hour. A key of another type makes way: an error here would hide what the script has done already.
local function announce()
  if #told > TOLD_MAX then
    told[TOLD_MAX + 1] = 'more'
    redis.call('PUBLISH', P .. 'live', table.concat(told, '\n', 1, TOLD_MAX + 1))
  elseif #told > 0 then redis.call('PUBLISH', P .. 'live', table.concat(told, '\n')) end
  if not next(counts) then return end
  local key = P .. 'tally:' .. string.format('%d', math.floor(now() / 60000))
  for field, n in pairs(counts) do
    local total = redis.pcall('HINCRBY', key, field, n)
    if type(total) == 'table' then
      redis.call('DEL', key)
      total = redis.call('HINCRBY', key, field, n)
    end
    if total == n then redis.call('PEXPIRE', key, 90000000) end
  end
end
