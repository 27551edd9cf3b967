import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { parseCpuTimes, peakMemoryMb, startCpu } from '../../../bench/harness/cpu.ts'

describe('the CPU time of processes', () => {
  it('is read behind the name of the program, whatever that is', () => {
    const numbers = Array.from({ length: 15 }, (_, at) => at)
    expect(parseCpuTimes(`42 (a) b (c) S ${numbers.slice(1).join(' ')}`)).toEqual({
      ownMs: (11 + 12) * 10,
      childrenMs: (13 + 14) * 10,
    })
  })

  it('is refused where there is none', () => {
    expect(() => parseCpuTimes('42 (a) S 1 2')).toThrow('no times of a process: "42 (a) S 1 2"')
  })

  it.runIf(process.platform === 'linux')('counts what a process and its ended children use', () => {
    const cpu = startCpu({ here: [process.pid] })
    const busy = 'const until = process.cpuUsage().user + 50_000; while (process.cpuUsage().user < until);'
    expect(spawnSync(process.execPath, ['-e', busy]).status).toBe(0)
    const used = cpu(1)
    expect(used['tools']).toBeGreaterThanOrEqual(40)
    expect(used['all']).toBe((used['here'] ?? NaN) + (used['tools'] ?? NaN))
    expect(() => startCpu({ gone: [2 ** 30] })).toThrow('ENOENT')
  })

  it.runIf(process.platform === 'linux')('tells what a process had in memory at most', () => {
    const { rss } = process.memoryUsage()
    expect(peakMemoryMb(process.pid)).toBeGreaterThanOrEqual(Math.floor(rss / 1e6))
  })
})
