-- Ends a session, and adds its summary to the history. May be sent again. Of streams that have ended, the last 1,000 are
-- remembered: senders may choose any number of names.
-- KEYS  1 prefix
-- ARGV  1 name  2 token of its owner  3 summary (JSON)  4 ms for which it is remembered  5 how many summaries are kept
--         6 its takes as the owner knows them (JSON)
-- Returns 1, or 0 when the stream is another's by now
local key, history, t = P .. 'stream:' .. ARGV[1], P .. 'stream:' .. ARGV[1] .. ':history', now()
local v = redis.call('HMGET', key, 'token', 'state', 'takes')
if v[2] and v[1] ~= ARGV[2] then return 0 end
if v[2] == 'ended' then return 1 end
-- Of a session that was live while Redis was emptied, the summary is all that it knows.
local summary = cjson.decode(ARGV[3])
if not v[2] then
  redis.call('HSET', key, 'session', summary.session, 'take', summary.takes, 'startedAt', summary.startedAtMs)
end
redis.call('HSET', key, 'token', ARGV[2], 'state', 'ended', 'endedAt', t, 'summary', ARGV[3],
  'takes', merged_takes(v[3], ARGV[6]))
redis.call('HDEL', key, 'stop', 'numbers')
redis.call('DEL', key .. ':before')
redis.call('PEXPIRE', key, ARGV[4])
redis.call('ZREM', P .. 'streams', ARGV[1])
redis.call('RPUSH', history, ARGV[3])
redis.call('LTRIM', history, -tonumber(ARGV[5]), -1)
redis.call('PEXPIRE', history, ARGV[4])
redis.call('ZADD', P .. 'streams:ended', t, ARGV[1])
redis.call('ZREMRANGEBYSCORE', P .. 'streams:ended', '-inf', t - tonumber(ARGV[4]))
local surplus = redis.call('ZCARD', P .. 'streams:ended') - 1000
for _, name in ipairs(surplus > 0 and redis.call('ZRANGE', P .. 'streams:ended', 0, surplus - 1) or {}) do
  redis.call('ZREM', P .. 'streams:ended', name)
  redis.call('DEL', P .. 'stream:' .. name, P .. 'stream:' .. name .. ':history', P .. 'stream:' .. name .. ':before')
end
tellOf('stream', ARGV[1])
return 1
