-- One turn of a worker: settles finished attempts and claims new ones. May be sent again with the same token:
-- settlements that were applied return the state they led to, and the claimed runs are the same. Its steps follow in
-- turn_settle.lua, turn_claim.lua and turn_wait.lua, which are one text with this.
-- KEYS  1 prefix
-- ARGV  1 consumer  2 token of this turn  3 its slot, of the two turns that may be under way
--       4 attempts in progress in this worker, and those that a turn under way may have claimed
--       5 1 to read all streams, not only the `ready` ones
--       s, then s times: run, fence, token, kind, reason, error, lines, delay in ms, max attempts, result
--         (with complete, reason and error are debts that are due now: of results, of the source; lines is what the fence was asked
--         of a verdict, '' unless none was known there, so that none was looked for)
--         kind  complete | fail | bury | release | isolate | superseded | source-gone | cancelled,
--           or unreadable: its payload is, for the reason given, so it is set aside and forgotten
--       f, then f times: function, free slots, how many of them go to the low lane first
--       w, then w functions: the words that woke this worker
-- Returns {{state that each settlement led to, or 'fenced'}, {claimed: run, function, fence, lane, attempts, epoch, payload, trigger,
--          createdAt, queuedAt, now}, {streams that could not be read, with the error}, 1 when nothing is left that it could take}
local consumer, token = ARGV[1], ARGV[2]
local slot, inFlight, looksAtAll = ARGV[3], tonumber(ARGV[4]), ARGV[5] == '1'
local isIdle = inFlight == 0
local s = tonumber(ARGV[6])
local p = 7
local t = now()

-- In steps, as Lua can unpack only a limited number of values.
local function many(command, key, values, ...)
  for from = 1, #values, 1000 do
    local head = { ... }
    for i = from, math.min(from + 999, #values) do head[#head + 1] = values[i] end
    redis.call(command, key, unpack(head))
  end
end

-- For a while this worker prefers other lanes: it must not be kept busy with files that kill workers, nor with waiting to be idle
-- for one.
local function rest(ms) redis.call('SET', P .. 'solo:rest:' .. consumer, 1, 'PX', ms) end
local REST_MS, ALONE_MS = 10000, 60000

-- Functions for which this worker's place among those that wait is written again.
local isTouched = {}
