-- Renews the leases of a worker's attempts: only a running attempt with this fence and this token has one.
-- KEYS  1 prefix
-- ARGV  1 consumer, then any number of: run, fence, token, progress (JSON or '')
-- Returns for each attempt: ok | cancelled | lost
local consumer = ARGV[1]
local t = now()
local answers = {}
for p = 2, #ARGV, 4 do
  local run, fence, token, progress = ARGV[p], ARGV[p + 1], ARGV[p + 2], ARGV[p + 3]
  local h = runKey(run)
  local v = redis.call('HMGET', h, 'state', 'fence', 'token', 'fn', 'lane', 'entry', 'cancel')
  if v[1] ~= 'running' or v[2] ~= fence or v[3] ~= token then
    answers[#answers + 1] = 'lost'
  else
    -- Without a group (someone has destroyed it) there is no lease to renew, but the run is still this worker's.
    redis.pcall('XCLAIM', stream(v[4], v[5]), GROUP, consumer, 0, v[6], 'JUSTID')
    redis.call('HSET', h, 'beatAt', t)
    if progress ~= '' then redis.call('HSET', h, 'progress', progress) end
    answers[#answers + 1] = v[7] == '1' and 'cancelled' or 'ok'
  end
end
return answers
