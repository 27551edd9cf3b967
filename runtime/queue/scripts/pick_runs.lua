-- Returns those of the given runs that match a filter. Only reads.
-- KEYS  1 prefix
-- ARGV  1 filter (filter.lua), then any number of runs
-- Returns run, function and bytes (with withBytes, else 0) of each
local filter = filterOf(ARGV[1])
local reply = {}
for p = 2, #ARGV do
  local isFound, fn, bytes = isMeant(ARGV[p], filter)
  if isFound then
    reply[#reply + 1] = ARGV[p]
    reply[#reply + 1] = fn
    reply[#reply + 1] = bytes
  end
end
return reply
