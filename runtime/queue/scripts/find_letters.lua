-- Finds the dead letters of functions that match a filter, newest death first, those of one moment by function name. Only
-- reads, and examines a bounded number of letters.
-- KEYS  1 prefix
-- ARGV  1 filter (filter.lua)  2 the newest entry ('+', or '(' and one to start after)  3 the oldest entry ('-' for all)
--       4 the entry to start after ('' for the newest)  5 its function  6 how many to examine at most  7 how many to find at most
--       then the functions
-- Returns {1 when there are no more, else 0; entry and function of the last one that was examined, '' for none; then run,
-- function and bytes (with withBytes, else 0) of each match}
local filter = filterOf(ARGV[1])
local after, count, limit = ARGV[4], tonumber(ARGV[6]), tonumber(ARGV[7])
local letters = {}
for p = 8, #ARGV do
  local fn = ARGV[p]
  local max = ARGV[2]
  if after ~= '' then max = (fn <= ARGV[5] and '(' or '') .. after end
  for _, entry in ipairs(look('XREVRANGE', P .. 'dead:' .. fn, max, ARGV[3], 'COUNT', count) or {}) do
    local ms, sequence = string.match(entry[1], '^(%d+)-(%d+)$')
    local letter = { entry = entry[1], ms = tonumber(ms), sequence = tonumber(sequence), fn = fn }
    letter.run, letter.reason = entry[2][2], entry[2][4]
    letters[#letters + 1] = letter
  end
end
table.sort(letters, function(a, b)
  if a.ms ~= b.ms then return a.ms > b.ms end
  if a.sequence ~= b.sequence then return a.sequence > b.sequence end
  return a.fn < b.fn
end)
-- Each function has returned its newest ones: the newest of all are among them.
local isLast = #letters < count
local reply = { 0, '', '' }
for p = 1, math.min(#letters, count) do
  local letter = letters[p]
  reply[2], reply[3] = letter.entry, letter.fn
  if not filter.reason or letter.reason == filter.reason then
    local isFound, fn, bytes = isMeant(letter.run, filter)
    if isFound then
      reply[#reply + 1] = letter.run
      reply[#reply + 1] = fn
      reply[#reply + 1] = bytes
      if #reply == 3 * limit + 3 then
        isLast = isLast and p == #letters
        break
      end
    end
  end
end
reply[1] = isLast and 1 or 0
return reply
