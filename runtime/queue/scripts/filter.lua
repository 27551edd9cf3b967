-- Prepended to the scripts that search for runs; they only read. A filter is JSON whose members are all optional: states,
-- function, bucket, prefix (of the key), contains (a part of the key, in lower case), reason, endedSinceMs, endedUntilMs, and
-- withBytes to get the size.
-- KEYS  1 prefix
-- ARGV  the script's own, of which 1 is the filter
-- Returns nothing: `filterOf` and `isMeant` are for the script behind it

local function filterOf(text)
  local filter = cjson.decode(text)
  if filter.states then
    local states = {}
    for _, state in ipairs(filter.states) do states[state] = true end
    filter.states = states
  end
  filter.isOfKey = filter.bucket or filter.prefix or filter.contains or filter.withBytes
  return filter
end

-- Whether the run matches the filter, then its function and, with withBytes, the size of its source. Callers that read the run
-- check again: it may have changed by then, and a payload that cannot be read here matches.
local function isMeant(run, filter)
  local r = load(run, 'fn', 'reason')
  if not r then return false end
  if filter.states and not filter.states[r.state] then return false end
  if filter['function'] and r.fn ~= filter['function'] then return false end
  if filter.reason and r.reason ~= filter.reason then return false end
  local isEnded = r.state ~= 'queued' and r.state ~= 'running' and r.state ~= 'retrying'
  local endedAt = isEnded and r.at or 0
  if filter.endedSinceMs and endedAt < filter.endedSinceMs then return false end
  if filter.endedUntilMs and endedAt >= filter.endedUntilMs then return false end
  if not filter.isOfKey then return true, r.fn, 0 end
  local bucket, key, sizeBytes = sourceOf(run)
  if not bucket then return true, r.fn, 0 end
  if filter.bucket and bucket ~= filter.bucket then return false end
  if filter.prefix and string.sub(key, 1, #filter.prefix) ~= filter.prefix then return false end
  if filter.contains and not string.find(string.lower(key), filter.contains, 1, true) then return false end
  return true, r.fn, sizeBytes
end
