-- Takes dead letters off the list. The runs stay for as long as others do: if they were forgotten at once, the second copy of
-- their announcement would create them again.
-- KEYS  1 prefix
-- ARGV  any number of runs
-- Returns how many were on the list
local purged = 0
for _, run in ipairs(ARGV) do
  local r = load(run, 'fn', 'letter')
  if r and r.state == 'dead' and r.letter and r.letter ~= '' then
    purged = purged + (look('XDEL', P .. 'dead:' .. r.fn, r.letter) or 0)
    save(run, r, 'letter', '')
  end
end
return purged
