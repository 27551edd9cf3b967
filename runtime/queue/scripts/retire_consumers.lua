-- Removes consumers of workers that are gone: nothing pending, and not heard of for long. What is pending in the list of a
-- removed consumer would be out of reach for ever, so it is looked at in the same script. One that comes back is made again.
-- KEYS  1 prefix
-- ARGV  1 for how many ms not heard of, then the functions
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
