-- Removes consumers of workers that are gone: without pending entries, and idle for long. Entries pending for a removed consumer
-- would be out of reach for ever, so both are checked in one script. A worker that comes back gets a new one.
-- KEYS  1 prefix
-- ARGV  1 minimum idle time in ms, then the functions
-- Returns how many were removed
local idleMs = tonumber(ARGV[1])
local retired = 0
for i = 2, #ARGV do
  for _, lane in ipairs({ 'live', 'low', 'solo' }) do
    local key = stream(ARGV[i], lane)
    local consumers = redis.pcall('XINFO', 'CONSUMERS', key, GROUP)
    if not consumers.err then
      for _, item in ipairs(consumers) do
        local v = {}
        for at = 1, #item, 2 do v[item[at]] = item[at + 1] end
        if v.pending == 0 and v.idle > idleMs then
          redis.call('XGROUP', 'DELCONSUMER', key, GROUP, v.name)
          retired = retired + 1
        end
      end
    end
  end
end
return retired
