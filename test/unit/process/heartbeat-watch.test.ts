import { describe, expect, it } from 'vitest'
import { SILENCE_LIMITS } from '../../../runtime/process/silence.ts'
import {
  createHeartbeatWatch,
  parseProcessTimes,
  readProcessTimes,
} from '../../../runtime/process/heartbeat-watch.ts'

/** A child on a clock that the test turns, which uses CPU for a part of each second. */
function watched(cpuShare: number) {
  const clock = { ms: 0, cpuMs: 0 }
  const watch = createHeartbeatWatch({
    pid: 1,
    limits: SILENCE_LIMITS,
    now: () => clock.ms,
    read: () => ({ cpuMs: clock.cpuMs, activity: cpuShare > 0 ? 'runnable' : 'asleep' }),
  })
  const pass = (seconds: number) => {
    let last = watch.check()
    for (let second = 0; second < seconds && last.kind !== 'kill'; second++) {
      clock.ms += 1_000
      clock.cpuMs += 1_000 * cpuShare
      last = watch.check()
    }
    return last.kind
  }
  return { clock, watch, pass }
}

describe('the heartbeat watch of a child', () => {
  it('waits for one that loads, and for one that loops after that only until it has used its 20 s of CPU', () => {
    const { clock, watch, pass } = watched(1)
    expect(pass(60)).toBe('fine')
    watch.ready()
    const readyAtMs = clock.ms
    expect(pass(60)).toBe('kill')
    expect(clock.ms - readyAtMs).toBe(20_000)
  })

  it('begins again with each word', () => {
    const { watch, pass } = watched(1)
    watch.ready()
    for (let word = 0; word < 5; word++) {
      expect(pass(9)).toBe('fine')
      watch.heard()
    }
  })

  it('does not take its own absence for the silence of the child, whose words nobody has read yet', () => {
    const { clock, watch } = watched(0)
    watch.ready()
    clock.ms += 600_000
    expect(watch.check().kind).toBe('fine')
  })

  it('kills one that was stopped, as it uses no CPU at all', () => {
    const { watch, pass } = watched(0)
    watch.ready()
    expect(pass(30)).toBe('kill')
  })

  it('lets one live that gets a hundredth of a processor', () => {
    const { watch, pass } = watched(0.01)
    watch.ready()
    expect(pass(60)).toBe('starved')
  })
})

describe('what /proc says of a process', () => {
  it.each([
    { state: 'R', activity: 'runnable' },
    { state: 'D', activity: 'disk' },
    { state: 'S', activity: 'asleep' },
    { state: 'T', activity: 'asleep' },
  ])('is read behind a name that may hold anything: $state', ({ state, activity }) => {
    const stat = `4711 (a (b) c) ${state} 1 4711 4711 0 -1 4194560 11 0 0 0 150 50 0 0 20 0 11 0 100`
    expect(parseProcessTimes(stat)).toEqual({ cpuMs: 2_000, activity })
  })

  it('is nothing for a process that is not there', () => {
    expect(readProcessTimes(2 ** 30)).toBeUndefined()
    expect(parseProcessTimes('')).toBeUndefined()
  })

  it.runIf(process.platform === 'linux')('grows with the CPU time of a process', () => {
    const before = readProcessTimes(process.pid)?.cpuMs ?? NaN
    const { user, system } = process.cpuUsage()
    while (process.cpuUsage().user + process.cpuUsage().system < user + system + 30_000);
    expect(readProcessTimes(process.pid)?.cpuMs).toBeGreaterThan(before)
  })
})
