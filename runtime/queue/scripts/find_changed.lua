-- Finds the runs that may have changed since a time: those that ended, were queued or started since, those in progress, and
-- those that wait for their retry. Only reads.
-- KEYS  1 prefix
-- ARGV  1 time in ms  2 how many at most, then the functions
-- Returns {0, then run, function, state and object of each}, or {1} when there are more
local since, limit = ARGV[1], tonumber(ARGV[2])
local found, seen = { 0 }, {}
local function isTooMany() return #found > 4 * limit + 1 end
local function add(run)
  if seen[run] then return end
  seen[run] = true
  local r = load(run, 'fn', 'object')
  if not r then return end
  for _, text in ipairs({ run, r.fn, r.state, r.object }) do found[#found + 1] = text end
end

for _, run in ipairs(redis.call('ZRANGEBYSCORE', P .. 'ended', since, '+inf', 'LIMIT', 0, limit + 1)) do add(run) end
for _, run in ipairs(redis.call('ZRANGEBYSCORE', P .. 'delay', '-inf', '+inf', 'LIMIT', 0, limit + 1)) do add(run) end
for p = 3, #ARGV do
  for _, lane in ipairs({ 'live', 'low', 'solo' }) do
    local key = stream(ARGV[p], lane)
    if isTooMany() then return { 1 } end
    -- The id of an entry begins with the time when it was added.
    for _, entry in ipairs(look('XRANGE', key, since, '+', 'COUNT', limit + 1) or {}) do add(entry[2][2]) end
    local pending = redis.pcall('XPENDING', key, GROUP, '-', '+', limit + 1)
    for _, item in ipairs(pending.err and {} or pending) do
      local entry = redis.call('XRANGE', key, item[1], item[1])[1]
      if entry then add(entry[2][2]) end
    end
  end
end
return isTooMany() and { 1 } or found
