import { describe, expect, it } from 'vitest'
import {
  createProgressReporter,
  createProgressParser,
  type FfmpegProgress,
} from '../../../../../functions/ffmpeg/run/progress.ts'
import type { Progress } from '../../../../../runtime/index.ts'

function parse(text: string): readonly FfmpegProgress[] {
  const parser = createProgressParser()
  return text.split('\n').flatMap((line) => parser(line) ?? [])
}

describe('createProgressParser', () => {
  it('answers once for each block', () => {
    const block = 'frame=10\nout_time_us=2500000\nspeed= 1.5x\nprogress=continue'
    expect(parse(`${block}\n${block.replace('2500000', '3000000').replace('continue', 'end')}`)).toEqual([
      { mediaSeconds: 2.5, speed: 1.5 },
      { mediaSeconds: 3, speed: 1.5 },
    ])
  })
  it.each([
    ['unknown values', 'out_time_us=N/A\nspeed=N/A\nprogress=continue'],
    ['a time before the start', 'out_time_us=-9223372036854775807\nprogress=continue'],
    ['microseconds under their old name', 'out_time_ms=2500000\nprogress=continue'],
    ['lines that are none', 'hello\nprogress=continue'],
    ['empty values', 'out_time_us=\nspeed=x\nprogress=continue'],
  ])('leaves out %s', (_name, text) => expect(parse(text)).toEqual([{}]))
  it('forgets a block when it is over', () => {
    expect(parse('speed=2x\nprogress=continue\nprogress=end')).toEqual([{ speed: 2 }, {}])
  })
})

describe('createProgressReporter', () => {
  const reported = (durationSeconds: number | undefined, ...progress: readonly FfmpegProgress[]) => {
    const sent: Progress[] = []
    const reporter = createProgressReporter(durationSeconds, (report) => sent.push(report))
    for (const report of progress) reporter.report(report)
    reporter.repeat()
    return sent
  }
  it('tells percent when the length is known, at most 100', () => {
    expect(reported(8, { mediaSeconds: 2, speed: 30 })[0]).toEqual({
      mediaSeconds: 2,
      percent: 25,
      speed: 30,
      secondsLeft: 0.2,
    })
    expect(reported(8, { mediaSeconds: 8.2 })[0]?.percent).toBe(100)
  })
  it('never goes back', () => {
    const sent = reported(10, { mediaSeconds: 5 }, { mediaSeconds: 4, speed: 2 }, {})
    expect(sent.map(({ percent }) => percent)).toEqual([50, 50, 50, 50])
    expect(sent[1]).toMatchObject({ mediaSeconds: 5, secondsLeft: 2.5 })
  })
  it.each([
    { durationSeconds: 0, speed: 1 },
    { durationSeconds: NaN, speed: NaN },
    { durationSeconds: Infinity, speed: Infinity },
    { durationSeconds: -3, speed: -1 },
    { durationSeconds: 10, speed: 0 },
  ])('has nothing but numbers in it at $durationSeconds s and speed $speed', ({ durationSeconds, speed }) => {
    for (const report of reported(durationSeconds, { mediaSeconds: 5, speed }, { mediaSeconds: NaN })) {
      expect(Object.values(report).filter((value) => !Number.isFinite(value) || value < 0)).toEqual([])
      expect(report.percent ?? 0).toBeLessThanOrEqual(100)
    }
  })
  it('reports no percentage when it is not', () => {
    expect(reported(undefined, { mediaSeconds: 2 })[0]).toEqual({ mediaSeconds: 2 })
    expect(reported(8, {})[0]).toEqual({})
  })
  it('repeats the last one as a sign of life', () => {
    expect(reported(8, { mediaSeconds: 4 })).toEqual([
      { mediaSeconds: 4, percent: 50 },
      { mediaSeconds: 4, percent: 50 },
    ])
    expect(reported(8)).toEqual([{}])
  })
})
