/** Commands that steer: what they send, and how they wait. */
import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { jobOf, RUN_ID, runOf } from './answers.ts'
import { useFakeApi, type Answer, type Asked } from './fake-api.ts'

const fake = useFakeApi()

describe('reprocess', () => {
  it('asks for one object with options of its own', async () => {
    const { code, out } = await fake.ask(
      ['reprocess', 'incoming/a=b.mp4', '--option', 'seconds=4', '--option', 'preset=a=b'],
      () => ({ status: 202, body: jobOf() }),
    )
    expect({ code, out }).toEqual({ code: 0, out: 'job 01JOB: 2 of 2 runs handed out\n' })
    expect(fake.api?.asked[0]?.body).toEqual({
      bucket: 'incoming',
      keys: ['a=b.mp4'],
      options: { seconds: '4', preset: 'a=b' },
    })
  })

  it('previews what is below a prefix', async () => {
    const sample = [{ function: 'chunk', bucket: 'incoming', key: '2024/a.mp4', sizeBytes: 1_048_576 }]
    const { out } = await fake.ask(
      [
        'reprocess',
        '--prefix',
        'incoming/2024/',
        '--status',
        'failed',
        '--dry-run',
        '--limit',
        '7',
        '--rate',
        '0.5',
      ],
      () => ({ body: { matched: 2, totalBytes: 3_145_728, sample, passedOver: { pattern: 3 } } }),
    )
    expect(fake.api?.asked[0]?.body).toEqual({
      bucket: 'incoming',
      prefix: '2024/',
      status: 'failed',
      dryRun: true,
      limit: 7,
      ratePerSecond: 0.5,
    })
    expect(out).toContain(
      '2 runs of 3 MiB would be handed out\n  chunk  incoming/2024/a.mp4  1 MiB\n  and 1 more\n',
    )
  })

  it('shows on a terminal how far the job is, and with --wait-runs fails when runs have no result', async () => {
    const states = [
      jobOf({ status: 'running', handedOut: 1 }),
      jobOf({ runs: { running: 2 } }),
      jobOf({ runs: { succeeded: 1, dead: 1 } }),
    ]
    const { code, out, err } = await fake.ask(
      ['reprocess', 'incoming/a.mp4', '--wait-runs'],
      (_, count) => ({ body: states[count] }),
      { columns: 80 },
    )
    expect(err).toContain('1 of 2 runs handed out')
    expect(out).toBe('job 01JOB: 2 of 2 runs handed out; 1 succeeded, 1 dead\n')
    expect(code).toBe(1)
  })

  it('leaves the job running at Ctrl-C, and says how to end it', async () => {
    const signals = new EventEmitter()
    const answer = (_: Asked, count: number): Answer => {
      if (count === 1) signals.emit('SIGINT')
      return { body: jobOf({ status: 'running', handedOut: 1 }) }
    }
    const { code, err } = await fake.ask(['reprocess', 'incoming/a.mp4'], answer, { signals })
    expect(code).toBe(130)
    expect(err).toContain('sluice cancel 01JOB')
    expect(fake.api?.asked.map(({ method }) => method)).toEqual(['POST', 'GET'])
    expect(signals.listenerCount('SIGINT')).toBe(0)
  })
})

describe('redrive and cancel', () => {
  it.each([
    [['redrive', RUN_ID], `/v1/runs/${RUN_ID}/retry`, { force: false }],
    [
      ['redrive', '--all', '--function', 'chunk', '--no-wait'],
      '/v1/dead-letters/redrive',
      { function: 'chunk' },
    ],
    [['cancel', RUN_ID], `/v1/runs/${RUN_ID}/cancel`, {}],
    [['cancel', '01JOB'], '/v1/jobs/01JOB/cancel', {}],
  ])('%j', async (words, path, body) => {
    const answer = () => ({ status: 202, body: { ...jobOf(), ...runOf() } })
    expect(await fake.ask(words, answer)).toMatchObject({ code: 0, err: '' })
    expect(fake.api?.asked).toMatchObject([{ method: 'POST', path, body }])
  })
})
