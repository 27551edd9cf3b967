-- Finds the runs in progress of functions, the latest start first. Only reads, and examines a bounded number of each lane.
-- KEYS  1 prefix
-- ARGV  1 how many to find at most  2 how many to examine in each lane, then the functions
-- Returns the runs
local limit = tonumber(ARGV[1])
local found = {}
for p = 3, #ARGV do
  for _, lane in ipairs({ 'live', 'low', 'solo' }) do
    local key = stream(ARGV[p], lane)
    local pending = redis.pcall('XPENDING', key, GROUP, '-', '+', ARGV[2])
    for _, item in ipairs(pending.err and {} or pending) do
      local entry = redis.call('XRANGE', key, item[1], item[1])[1]
      local r = entry and load(entry[2][2])
      if r and r.state == 'running' then found[#found + 1] = { run = entry[2][2], at = r.startedAt or 0 } end
    end
  end
end
table.sort(found, function(a, b)
  if a.at ~= b.at then return a.at > b.at end
  return a.run < b.run
end)
local runs = {}
for i = 1, math.min(limit, #found) do runs[i] = found[i].run end
return runs
