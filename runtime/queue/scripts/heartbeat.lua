-- Renews the leases of a worker's attempts: only a running attempt with this fence and this token has one.
-- KEYS  1 prefix
-- ARGV  1 consumer, then any number of: run, fence, token, progress (JSON or '')
-- Returns for each attempt: ok | cancelled | lost
local consumer = ARGV[1]
local answers = {}
for p = 2, #ARGV, 4 do
  local run, fence, token, progress = ARGV[p], ARGV[p + 1], ARGV[p + 2], ARGV[p + 3]
  local r = load(run, 'fn', 'entry', 'object')
  if not r or r.state ~= 'running' or r.fence ~= fence or r.token ~= tokenOf(token) then
    answers[#answers + 1] = 'lost'
  else
    -- Without a group (someone has destroyed it) there is no lease to renew, but the run is still this worker's.
    redis.pcall('XCLAIM', stream(r.fn, r.lane), GROUP, consumer, 0, r.entry, 'JUSTID')
    if progress ~= '' then
      r.hasProgress = true
      save(run, r, 'progress', progress)
      tell(run, r)
    end
    answers[#answers + 1] = r.isCancelled and 'cancelled' or 'ok'
  end
end
return answers
