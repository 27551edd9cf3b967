-- Counts some runs of a job by state. Only reads.
-- KEYS  1 prefix
-- ARGV  1 job  2 the first item to count  3 the last one  4 how many failed runs to name at most
-- Returns { state, how many are in it, and so on; runs that Redis no longer knows are `forgotten` },
--         the sum of the percentages of the runs in progress,  { ids of runs that ended dead or cancelled }
local counts, failed, percent = {}, {}, 0
for _, item in ipairs(redis.call('LRANGE', P .. 'job:' .. ARGV[1] .. ':items', ARGV[2], ARGV[3])) do
  -- Inside a JSON string a quote has a backslash before it, so this match is the item's own field.
  local run = string.match(item, '"runId":"([^"]+)"')
  local r = run and load(run, 'progress')
  local state = r and r.state or 'forgotten'
  counts[state] = (counts[state] or 0) + 1
  if state == 'running' and r.hasProgress then
    local isRead, progress = pcall(cjson.decode, r.progress or look('HGET', textKey(run), 'progress') or '')
    percent = percent + (isRead and type(progress) == 'table' and tonumber(progress.percent) or 0)
  end
  if (state == 'dead' or state == 'cancelled') and #failed < tonumber(ARGV[4]) then failed[#failed + 1] = run end
end
local flat = {}
for state, count in pairs(counts) do
  flat[#flat + 1] = state
  flat[#flat + 1] = count
end
return { flat, tostring(percent), failed }
