import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { ffmpegCpuSeconds, ffmpegMaxRssBytes } from '../../../../../functions/ffmpeg/run/metrics.ts'
import {
  childrenSecondsOf,
  countUsage,
  peakBytesOf,
} from '../../../../../functions/ffmpeg/run/process-usage.ts'

describe('what Linux says of processes', () => {
  it('has the CPU time of children that ended, also when the name of the process has brackets and spaces', () => {
    const stat = '12 (a b) c) S 1 12 12 0 -1 4194560 9 8 7 6 11 22 150 250 20 0 11 0 55 1 2'
    expect(childrenSecondsOf(stat)).toBe(4)
  })

  it('has the most memory that was held, and none for a process that is gone', () => {
    expect(peakBytesOf('Name:\tffmpeg\nVmPeak:\t 900 kB\nVmHWM:\t    2048 kB\nVmRSS:\t 100 kB\n')).toBe(
      2 * 1024 ** 2,
    )
    expect(peakBytesOf('Name:\tffmpeg\nState:\tZ (zombie)\n')).toBe(0)
  })
})

describe.runIf(process.platform === 'linux')('a child that works', () => {
  it('is counted with its CPU time and its memory, under its profile', async () => {
    const work = 'const held = Buffer.alloc(60e6, 1); while (process.cpuUsage().user < 200_000) held[0]++'
    const child = spawn(process.execPath, ['-e', work])
    countUsage(child, 'encode')
    await once(child, 'exit')
    const cpu = await ffmpegCpuSeconds.get()
    const of = (profile: string) => cpu.values.find(({ labels }) => labels.profile === profile)?.value
    expect(of('encode')).toBeGreaterThanOrEqual(0.2)
    expect(of('copy')).toBe(0)
    const rss = await ffmpegMaxRssBytes.get()
    const sum = rss.values.find(
      ({ metricName, labels }) => metricName?.endsWith('_sum') && labels.profile === 'encode',
    )
    expect(sum?.value).toBeGreaterThan(60e6)
  })
})
