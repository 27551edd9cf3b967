-- Somebody has looked for verdicts after the notes with these marks, and there were none: nobody has to look there any more, unless
-- they were noted again since.
-- KEYS  1 prefix
-- ARGV  any number of: place, mark
-- Returns how many were not noted again
local gone = 0
for p = 1, #ARGV, 2 do
  if redis.call('HGET', P .. 'verdict-places', ARGV[p]) == ARGV[p + 1] then
    gone = gone + redis.call('HDEL', P .. 'verdict-places', ARGV[p])
  end
end
return gone
