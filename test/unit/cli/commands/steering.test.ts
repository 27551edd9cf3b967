/** Commands that steer: what they send, and how they wait. */
import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { FUNCTION } from '../../api/examples.ts'
import { jobOf, RUN_ID, runOf } from './answers.ts'
import { useFakeApi, type Answer, type Asked } from './fake-api.ts'

const fake = useFakeApi()

describe('sweep', () => {
  const found = {
    kind: 'full',
    objects: 40,
    runs: 1,
    healed: { 'lost-event': 2 },
    reported: { 'before-watermark': 30, 'too-young': 0 },
  }
  const passOf = (rest: object) => ({ id: '01S', cause: 'request', status: 'done', ...found, ...rest })

  it('describes what would be healed and what is left alone', async () => {
    const sample = [{ reason: 'lost-event', function: 'cut', bucket: 'incoming', key: 'a\u001b[2J.mp4' }]
    const { code, out } = await fake.ask(
      ['sweep', '--dry-run', '--recent', '--bucket', 'incoming', '--prefix', 'a/'],
      () => ({ body: { ...found, sample } }),
    )
    expect(fake.api?.asked[0]).toMatchObject({
      method: 'POST',
      path: '/v1/sweep',
      body: { kind: 'recent', dryRun: true, bucket: 'incoming', prefix: 'a/' },
    })
    expect(code).toBe(0)
    // A key cannot steer the terminal.
    expect(out).not.toContain('\u001b')
    expect(out.replace(/a\S*2J/, 'a')).toBe(
      [
        '40 objects and 1 run checked',
        'would be healed:',
        '  2 lost-event: never announced, and run now',
        '  lost-event  cut  incoming/a.mp4',
        'left alone:',
        '  30 before-watermark: uploaded before the function was set up: sluice reprocess runs them',
        '',
      ].join('\n'),
    )
  })

  it('waits for the end of its own sweep, whatever other sweeps exist', async () => {
    const others = [passOf({ id: '01X', healed: { restored: 9 } })]
    const { code, out } = await fake.ask(['sweep'], ({ method }, count) => {
      if (method === 'POST') return { status: 202, body: passOf({ status: 'waiting' }) }
      const own = passOf(count === 1 ? { status: 'running' } : { healed: {}, reported: {} })
      return { body: { passes: [...others, own] } }
    })
    expect(fake.api?.asked.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET'])
    expect(fake.api?.asked[0]?.body).toEqual({ kind: 'full' })
    expect({ code, out }).toEqual({ code: 0, out: '40 objects and 1 run checked\nnothing was lost\n' })
  })

  it('does not say that nothing was lost when it checked nothing', async () => {
    const nothing = { objects: 0, runs: 0, healed: {}, reported: {} }
    const answer = { status: 202, body: passOf({ ...nothing, prefix: 'films/' }) }
    const { out } = await fake.ask(['sweep', '--prefix', 'films', '--no-wait'], () => answer)
    expect(out).toMatch(/^0 objects checked\nno object has this prefix/)
    expect(out).not.toContain('nothing was lost')
  })

  it.each([
    [['--prefix', 'incoming/films/'], { bucket: 'incoming', prefix: 'films/' }],
    [['--prefix', 'incoming/'], { bucket: 'incoming' }],
    [['--prefix', 'films/incoming/'], { prefix: 'films/incoming/' }],
    [['--prefix', 'incoming'], { prefix: 'incoming' }],
    [['--bucket', 'incoming', '--prefix', 'incoming/'], { bucket: 'incoming', prefix: 'incoming/' }],
  ])('takes a prefix with its bucket, as reprocess does, or without: %j', async (words, part) => {
    const { code } = await fake.ask(['sweep', ...words, '--no-wait'], ({ method }) =>
      method === 'GET' ? { body: { items: [FUNCTION] } } : { status: 202, body: passOf({}) },
    )
    expect(code).toBe(0)
    expect(fake.api?.asked.at(-1)?.body).toEqual({ kind: 'full', ...part })
  })

  it('lists what is left alone, and shows with --status which sweeps wait, run and have ended', async () => {
    const left = [
      { reason: 'unreadable', function: 'cut', bucket: 'incoming', key: 'a\u001b[2J.mp4' },
      { reason: 'bucket-refused', bucket: 'gone' },
    ]
    const ended = passOf({ left, endedAt: '2026-11-23T16:00:00.000Z', bucket: 'incoming', prefix: 'a/' })
    const waiting = { ...passOf({ status: 'waiting' }), objects: 0, runs: 0, healed: {}, reported: {} }
    const report = await fake.ask(['sweep', '--no-wait'], () => ({ status: 202, body: ended }))
    expect(report.out).toContain('  bucket-refused  -  gone\n')
    expect(report.out).toMatch(/ {2}unreadable {2}cut {2}incoming\/a[^\u001b]*2J\.mp4\n/)
    const failed = passOf({ id: '01F', status: 'failed', failure: 'no such bucket', healed: {} })
    const { code, out } = await fake.ask(['sweep', '--status'], () => ({
      body: { passes: [waiting, ended, failed] },
    }))
    expect(code).toBe(0)
    expect(fake.api?.asked.map(({ method }) => method)).toEqual(['GET'])
    const lines = out.split('\n')
    expect(lines[0]).toBe('waiting full (request)')
    expect(lines[1]).toMatch(
      /^done full \(request\) of incoming\/a\/; 2026.* checked; 2 healed, 30 left alone$/,
    )
    expect(lines[2]).toMatch(/nothing was lost, 30 left alone; no such bucket$/)
    const misused = await fake.ask(['sweep', '--status', '--recent'], () => ({ body: {} }))
    expect(misused).toMatchObject({ code: 2, err: expect.stringContaining('--status') as string })
  })

  it('returns at once with --no-wait, and fails when the sweep is no longer known', async () => {
    const answer = { status: 202, body: passOf({ status: 'waiting' }) }
    expect(await fake.ask(['sweep', '--no-wait'], () => answer)).toMatchObject({
      code: 0,
      out: 'sweep 01S: queued; starts when earlier sweeps have finished\n',
    })
    const { code, err } = await fake.ask(['sweep', '--json'], ({ method }) =>
      method === 'POST' ? answer : { body: { passes: [] } },
    )
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('this sweep is no longer known') })
  })
})

describe('reprocess', () => {
  it('requests one object with its own options', async () => {
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

  it('shows the progress of the job on a terminal, and fails with --wait-runs when runs have no result', async () => {
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
    expect(out).toMatch(/^job 01JOB: 2 of 2 runs handed out; 1 succeeded, 1 dead\n/)
    expect(code).toBe(1)
  })

  it('shows the progress of runs with --wait-runs, and lists those that failed with their reasons', async () => {
    const failures = [
      {
        run: RUN_ID,
        function: 'chunk',
        bucket: 'incoming',
        key: 'a\u001b[2J.mp4',
        status: 'dead' as const,
        reason: 'no video\nx',
      },
    ]
    const states = [
      jobOf({ total: 30, handedOut: 30, runs: { running: 30 }, percent: 41.9, failures: [] }),
      jobOf({ total: 30, handedOut: 30, runs: { dead: 30 }, percent: 100, failures }),
    ]
    const answer = (_: Asked, count: number) => ({ body: states[count] })
    const { out, err } = await fake.ask(['reprocess', 'incoming/a.mp4', '--wait-runs'], answer, {
      columns: 80,
    })
    expect(err).toContain('30 running; 41 %')
    expect(out.split('\n').slice(1)).toEqual([
      '  dead chunk incoming/a\\e[2J.mp4: no video',
      '    sluice show 0123456789ab',
      '  and 29 more',
      '',
    ])
  })

  it('refuses to wait for runs that are not tracked', async () => {
    const job = jobOf({ status: 'running', total: 10_001 })
    const { code, out, err } = await fake.ask(['reprocess', '--prefix', 'incoming/', '--wait-runs'], () => ({
      body: job,
    }))
    expect({ code, out }).toEqual({ code: 1, out: 'job 01JOB: 2 of 10001 runs handed out\n' })
    expect(err).toMatch(
      /10001 runs, so --wait-runs cannot wait for them; the job continues: sluice show 01JOB/,
    )
    expect(fake.api?.asked).toHaveLength(2)
  })

  it('does not count forgotten runs as successful', async () => {
    const { code } = await fake.ask(['redrive', '--all', '--wait-runs'], () => ({
      body: jobOf({ runs: { succeeded: 1, forgotten: 1 } }),
    }))
    expect(code).toBe(1)
  })

  it('leaves the job running at Ctrl-C, and says how to stop it', async () => {
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

describe('what the runtime says', () => {
  const EVIL = 'a\u001b]0;x\u0007\u009b31m\u202egpj.exe\u2028'
  const view = { ...FUNCTION, name: EVIL }
  const preview = {
    matched: 1,
    totalBytes: 1,
    sample: [{ function: EVIL, bucket: EVIL, key: EVIL, sizeBytes: 1 }],
    passedOver: { [EVIL]: 1 },
  }
  const job = jobOf({ id: EVIL, runs: { [EVIL]: 1 } })
  const run = runOf({ status: EVIL as 'dead' })
  const cases: [string[], unknown][] = [
    [['pause', 'x'], view],
    [['resume', 'x'], view],
    [['concurrency', 'x', '2'], view],
    [['functions'], { items: [view] }],
    [['functions', 'x'], view],
    [['redrive', RUN_ID], run],
    [['redrive', '--all', '--dry-run'], preview],
    [['redrive', '--all', '--no-wait'], job],
    [['cancel', RUN_ID], run],
    [['cancel', '01JOB'], job],
    [['reprocess', '--prefix', 'incoming/', '--dry-run'], preview],
    [['runs'], { items: [runOf({}, EVIL)], nextCursor: null }],
    [['show', '01JOB'], job],
    [['why', 'incoming/a'], { summary: EVIL }],
  ]
  const isSafe = (out: string) =>
    // oxlint-disable-next-line no-control-regex -- That is what is looked for.
    !/[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]/.test(out)

  it.each(cases)('cannot control a terminal: %j', async (words, body) => {
    const { code, out } = await fake.ask(words, () => ({ body }), { columns: 500 })
    expect({ code, isSafe: isSafe(out) }).toEqual({ code: 0, isSafe: true })
    expect(out).toContain('gpj.exe')
  })

  it.each(cases)(
    'cannot control a terminal as JSON either, which keeps the same values: %j',
    async (words, body) => {
      const { code, out } = await fake.ask([...words, '--json'], () => ({ body }), { columns: 500 })
      expect({ code, isSafe: isSafe(out) }).toEqual({ code: 0, isSafe: true })
      expect(JSON.stringify(JSON.parse(out))).toContain(JSON.stringify(EVIL))
    },
  )
})
