-- Somebody has looked for a verdict after the note with this mark, and there was none: nobody has to look there any more, unless
-- it was noted again since.
-- KEYS  1 prefix
-- ARGV  1 place  2 mark
-- Returns 1, or 0 when it is noted again
if redis.call('HGET', P .. 'verdict-places', ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HDEL', P .. 'verdict-places', ARGV[1])
return 1
