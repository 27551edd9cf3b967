-- Reads the head of `in` and removes nothing from it but texts that cannot be notifications: those that are too long, and those
-- that killed processes. They are set aside unread, so that no text blocks the ones behind it.
-- Redis does not tell the length of a list's element, so each is measured here, and only short ones are sent.
-- `reading` has for each intake the texts in its hands: its process, how many texts, the fingerprint of the first, how many
-- processes that one killed, and the number of texts at the head of which one may be deadly (they are then read one at a time).
-- KEYS  1 prefix
-- ARGV  1 intake, the same after a restart  2 process  3 how many texts at most  4 of how many bytes together  5 how long a
--       text may be in bytes  6 after how many deaths it is set aside
-- Returns {the reason for each text that was set aside, texts}
local intake, process = ARGV[1], ARGV[2]
local countMax, bytesMax, textMax, deathsMax = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local list, marks = P .. 'in', P .. 'reading'
-- After this an intake is not expected to come back.
local STALE_MS = 60000
-- At most so many bytes are read in one call, as Redis does nothing else meanwhile.
local LOOK_BYTES = 67108864
local t = now()

-- Texts that this intake, or one that is gone, has read and not processed.
local function unfinished()
  local all = redis.call('HGETALL', marks)
  local own, stale
  for i = 1, #all, 2 do
    local mark = cjson.decode(all[i + 1])
    if all[i] == intake then own = mark
    elseif t - mark.at > STALE_MS then
      redis.call('HDEL', marks, all[i])
      stale = mark
    end
  end
  return own or stale or { process = process, count = 0, suspects = 0, deaths = 0, print = '' }
end

local mark = unfinished()
if mark.process ~= process then
  if mark.count == 1 then mark.deaths = mark.deaths + 1
  else mark.suspects = math.max(mark.suspects, mark.count) end
end

-- The reason to set a text at the head of the list aside; nil when it is to be read.
local function unreadable(text)
  local print = redis.sha1hex(#text .. ':' .. string.sub(text, 1, 1024))
  if print ~= mark.print then mark.print, mark.deaths = print, 0 end
  if #text > textMax then return 'too long: ' .. #text .. ' bytes, and a notification has at most ' .. textMax end
  if mark.deaths >= deathsMax then return 'deadly: ' .. mark.deaths .. ' processes ended while they read it' end
end

local aside, texts, bytes = {}, {}, 0
while #texts < ((mark.suspects > 0 or mark.deaths > 0) and 1 or countMax) and bytes < LOOK_BYTES do
  local text = redis.call('LINDEX', list, #texts)
  if not text then break end
  bytes = bytes + #text
  local reason = #texts == 0 and unreadable(text)
  if reason then
    setAside(text, reason)
    redis.call('LTRIM', list, 1, -1)
    mark.suspects = math.max(0, mark.suspects - 1)
    aside[#aside + 1] = reason
  elseif #texts > 0 and (#text > textMax or bytes > bytesMax) then break
  else texts[#texts + 1] = text end
end
if #texts == 0 then redis.call('HDEL', marks, intake)
else
  mark.process, mark.count, mark.at = process, #texts, t
  redis.call('HSET', marks, intake, cjson.encode(mark))
end
return { aside, texts }
