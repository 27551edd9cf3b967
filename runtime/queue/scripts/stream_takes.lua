-- The takes of a stream (JSON, the last 20): {number, door, peer, start, how it ended}, without the last while it is under way.
-- Prepended to the scripts that change them.
-- KEYS  1 prefix
-- ARGV  the script's own
-- Returns nothing: its functions are for the script behind it

-- Those that Redis knows, with what their owner says of them: after an outage Redis may lack some.
local function merged_takes(known, given)
  local takes, at = cjson.decode(known or '[]'), {}
  for i, take in ipairs(takes) do at[take[1]] = i end
  for _, take in ipairs(cjson.decode(given)) do
    local i = at[take[1]]
    if not i then takes[#takes + 1] = take
    elseif take[5] then takes[i][5] = take[5] end
  end
  table.sort(takes, function(a, b) return a[1] < b[1] end)
  while #takes > 20 do table.remove(takes, 1) end
  return #takes == 0 and '[]' or cjson.encode(takes)
end

-- The last one ends for this reason, unless its owner has said another.
local function last_take_ended(takes, how)
  local last = takes[#takes]
  if last and not last[5] then last[5] = how end
end
