/**
 * Loaded before a process by `NODE_OPTIONS=--import=…`: its wall clock is `TEST_CLOCK_SKEW_MS` ahead of the machine's, or
 * behind when that is negative. Its monotonic clock is as it was. On SIGUSR2 it jumps to as much on the other side, as
 * a clock does that is set while the process runs.
 */
const RealDate = Date
let skewMs = Number(process.env['TEST_CLOCK_SKEW_MS'] ?? 0)
if (!Number.isFinite(skewMs)) throw new Error('TEST_CLOCK_SKEW_MS is not a number')

const now = () => RealDate.now() + skewMs

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  apply: () => new RealDate(now()).toString(),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
})

process.on('SIGUSR2', () => {
  skewMs = -skewMs
})
