-- Prepended to the scripts that search for runs; they only read. A filter is JSON whose members are all optional: states,
-- function, bucket, prefix (of the key), reason, endedSinceMs, endedUntilMs, and withBytes to get the size.
local function filterOf(text)
  local filter = cjson.decode(text)
  if filter.states then
    local states = {}
    for _, state in ipairs(filter.states) do states[state] = true end
    filter.states = states
  end
  filter.isOfKey = filter.bucket or filter.prefix or filter.withBytes
  return filter
end

-- Whether the run matches the filter, then its function and, with withBytes, the size of its source. Callers that read the run
-- check again: it may have changed by then, and a payload that cannot be read here matches.
local function isMeant(run, filter)
  local v = redis.call('HMGET', runKey(run), 'state', 'fn', 'reason', 'endedAt', filter.isOfKey and 'payload' or 'state')
  if not v[1] then return false end
  if filter.states and not filter.states[v[1]] then return false end
  if filter['function'] and v[2] ~= filter['function'] then return false end
  if filter.reason and v[3] ~= filter.reason then return false end
  local endedAt = tonumber(v[4] or '') or 0
  if filter.endedSinceMs and endedAt < filter.endedSinceMs then return false end
  if filter.endedUntilMs and endedAt >= filter.endedUntilMs then return false end
  if not filter.isOfKey then return true, v[2], 0 end
  local isRead, payload = pcall(cjson.decode, v[5])
  if not isRead then return true, v[2], 0 end
  if filter.bucket and payload.bucket ~= filter.bucket then return false end
  if filter.prefix and string.sub(payload.key, 1, #filter.prefix) ~= filter.prefix then return false end
  return true, v[2], payload.sizeBytes
end
