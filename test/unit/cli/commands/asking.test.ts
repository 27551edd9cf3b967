/** Commands that ask: what they send, and what they print for people and for programs. */
import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { RESULT } from '../../api/examples.ts'
import { RUN_ID, runOf } from './answers.ts'
import { useFakeApi, type Answer, type Asked } from './fake-api.ts'

const fake = useFakeApi()

describe('why', () => {
  const summary = 'chunk: succeeded 3 s after the upload, 12 chunks in processed. probe: succeeded.'

  it('prints one paragraph, in lines that fit a terminal', async () => {
    const { code, out } = await fake.ask(['why', 'incoming/a b+c.mp4'], () => ({ body: { summary } }), {
      columns: 40,
    })
    expect(code).toBe(0)
    expect(out).toBe('chunk: succeeded 3 s after the upload,\n12 chunks in processed. probe:\nsucceeded.\n')
    expect(fake.api?.asked[0]?.path).toBe('/v1/objects/incoming?key=a+b%2Bc.mp4')
  })

  it('prints one line for programs, and the whole view as JSON', async () => {
    expect(
      (await fake.ask(['why', 'incoming/a'], () => ({ body: { summary } }))).out.split('\n'),
    ).toHaveLength(2)
    const { out } = await fake.ask(['why', 'incoming/a', '--json'], () => ({ body: { summary, runs: [] } }))
    expect(JSON.parse(out)).toEqual({ summary, runs: [] })
  })

  it('never lets a key control the terminal', async () => {
    const body = { summary: 'the key \u001b[2Jx\u202e.mp4 is gone' }
    expect((await fake.ask(['why', 'incoming/a'], () => ({ body }))).out).toBe(
      'the key \\e[2Jx\\u{202e}.mp4 is gone\n',
    )
  })
})

describe('runs', () => {
  it('reads pages until the limit, and says on a terminal that there are more', async () => {
    const page = (request: Asked): Answer => {
      const cursor = Number(new URL(request.path, 'http://x').searchParams.get('cursor') ?? 0)
      return { body: { items: [runOf({}, `${cursor}.mp4`)], nextCursor: String(cursor + 1) } }
    }
    const { out, err } = await fake.ask(['runs', '--limit', '3', '--status', 'dead,retrying'], page, {
      columns: 100,
    })
    expect(out.trim().split('\n')).toHaveLength(4)
    expect(out).toMatch(/^RUN +STATUS +FUNCTION +AGE +TOOK +OBJECT\n/)
    expect(err).toContain('the first 3')
    expect(fake.api?.asked.map(({ path }) => path)).toEqual([
      '/v1/runs?status=dead%2Cretrying&limit=3',
      '/v1/runs?status=dead%2Cretrying&limit=2&cursor=1',
      '/v1/runs?status=dead%2Cretrying&limit=1&cursor=2',
    ])
  })

  it('continues to the end with --all, over pages that are empty', async () => {
    const pages = [
      { items: [runOf()], nextCursor: 'b' },
      { items: [], nextCursor: 'c' },
      { items: [runOf()], nextCursor: null },
    ]
    const { out } = await fake.ask(['runs', '--all', '--json'], (_, count) => ({ body: pages[count] }))
    expect(JSON.parse(out)).toHaveLength(2)
    expect(fake.api?.asked[0]?.path).toBe('/v1/runs?limit=1000')
  })

  it('separates columns with tabs for programs, and escapes tabs in them', async () => {
    const answer = () => ({ body: { items: [runOf({}, 'a\tb\nc.mp4')], nextCursor: null } })
    expect((await fake.ask(['runs'], answer)).out).toBe(
      `${RUN_ID}\tsucceeded\tchunk\t2026-11-23T10:00:00.000Z\t\tincoming/a\\tb\\nc.mp4\t\n`,
    )
  })

  it('shows a short id, progress, duration, and the whole key', async () => {
    const key = `${'x'.repeat(200)}/clip.mp4`
    const times = { startedAt: '2026-11-23T10:00:01.000Z', endedAt: '2026-11-23T10:00:05.000Z' }
    const items = [runOf({ status: 'running', progress: { percent: 42.9 }, ...times }, key)]
    const { out } = await fake.ask(['runs'], () => ({ body: { items, nextCursor: null } }), { columns: 80 })
    expect(out).toMatch(/^0123456789ab {2}running 42 % {2}chunk +\S+ +4s {2}incoming\/x{200}\/clip.mp4$/m)
  })

  it('shows the reason of a failure below its run, or as the last column for programs', async () => {
    const items = [runOf({ status: 'dead', error: 'no video \u001b[2Jin it\nand more' }), runOf()]
    const answer = () => ({ body: { items, nextCursor: null } })
    const lines = (await fake.ask(['runs'], answer, { columns: 80 })).out.split('\n')
    expect(lines[2]).toBe('  no video \\e[2Jin it')
    expect(lines[3]).toMatch(/^0123456789ab/)
    expect((await fake.ask(['runs'], answer)).out.split('\n')[0]).toMatch(/\tno video \\e\[2Jin it$/)
  })

  it('redraws the list with --watch until Ctrl-C', async () => {
    const signals = new EventEmitter()
    const answer = (_: Asked, count: number): Answer => {
      if (count === 1) signals.emit('SIGINT')
      return { body: { items: [runOf({ status: count === 0 ? 'running' : 'succeeded' })], nextCursor: null } }
    }
    const { code, out } = await fake.ask(['runs', '--watch'], answer, { columns: 80, signals })
    expect(code).toBe(0)
    const pictures = out.split('\u001b[H').slice(2)
    expect(pictures).toHaveLength(2)
    expect(pictures[0]).toContain('running')
    expect(pictures[1]).toContain('succeeded')
  })

  it('refuses --watch without a terminal', async () => {
    const { code, err } = await fake.ask(['runs', '--watch'], () => 'lost')
    expect(code).toBe(2)
    expect(err).toContain('--watch needs a terminal')
  })

  it('understands ages and dates', async () => {
    const before = Date.now()
    await fake.ask(['runs', '--since', '2h', '--until', '2026-11-23'], () => ({
      body: { items: [], nextCursor: null },
    }))
    const { searchParams } = new URL(fake.api?.asked[0]?.path ?? '', 'http://x')
    expect(Date.parse(searchParams.get('since') ?? '')).toBeGreaterThanOrEqual(before - 7_200_000)
    expect(searchParams.get('until')).toBe('2026-11-23T00:00:00.000Z')
  })
})

it('show prints everything that is known, with the last lines of each attempt', async () => {
  const body = {
    ...runOf({
      status: 'dead',
      reason: 'permanent',
      error: 'no video\nin it',
      endedAt: '2026-11-23T10:00:05.000Z',
    }),
    attemptLog: [
      {
        outcome: 'dead',
        epoch: 0,
        worker: 'host:1',
        startedAt: '2026-11-23T10:00:01.000Z',
        endedAt: '2026-11-23T10:00:05.000Z',
        error: 'no video',
        lastLines: ['Invalid data \u001b[31mfound'],
      },
    ],
    lastLines: ['Invalid data found'],
    announcements: { copies: 1, duplicates: 0 },
  }
  const { out, code } = await fake.ask(['show', RUN_ID], () => ({ body }), { columns: 80 })
  expect(code).toBe(0)
  expect(out).toMatch(/^status +dead \(permanent\)$/m)
  expect(out).toMatch(/^error +no video\n +in it$/m)
  expect(out).toMatch(
    /^attempt {2}dead .* 4s {2}on host:1\n {2}no video\n {2}\| Invalid data \\e\[31mfound$/m,
  )
})

it('show lists manifest and outputs, with links to the first ones', async () => {
  const output = (n: number) => ({
    bucket: 'processed',
    key: `a.mp4/chunk/~01/chunk-${n}.mp4`,
    role: 'chunk',
    contentType: 'video/mp4',
    bytes: 2_048,
    url: `http://127.0.0.1:9000/${n}`,
  })
  const body = {
    ...runOf(),
    attemptLog: [],
    lastLines: [],
    announcements: { copies: 1, duplicates: 0 },
    manifest: { bucket: 'processed', key: 'a.mp4/chunk/manifest.json' },
    outputs: [0, 1, 2, 3, 4, 5, 6].map(output),
    outputCount: 1_200,
    warnings: ['stream 2 is not in the chunks'],
  }
  const { out } = await fake.ask(['show', '0123456789ab'], () => ({ body }), { columns: 80 })
  expect(fake.api?.asked[0]?.path).toBe('/v1/runs/0123456789ab?links=true')
  expect(out).toMatch(/^manifest +processed\/a.mp4\/chunk\/manifest.json$/m)
  expect(out).toMatch(
    /^outputs +chunk, 2 KiB: processed\/a.mp4\/chunk\/~01\/chunk-0.mp4\n +http:\/\/127.0.0.1:9000\/0$/m,
  )
  expect(out).toContain('9000/4')
  expect(out).not.toContain('9000/5')
  expect(out).toMatch(/^ +and 1195 more; the manifest lists all$/m)
  expect(out).toMatch(/^warnings +stream 2 is not in the chunks$/m)
})

describe('results', () => {
  const answer = () => ({ body: { items: [RESULT], nextCursor: null } })

  it('are listed with the location of each manifest and its number of warnings', async () => {
    const { code, out } = await fake.ask(['results', 'incoming/a'], answer, { columns: 80 })
    expect(code).toBe(0)
    expect(fake.api?.asked[0]?.path).toBe('/v1/results?bucket=incoming&prefix=a&limit=50')
    const [, row, note] = out.split('\n')
    expect(row).toMatch(/^chunk +3 +2.9 KiB +\S+ +incoming\/a.mp4$/)
    expect(note).toBe('  processed/a.mp4/chunk/manifest.json (1 warning)')
  })

  it('are tab-separated for programs', async () => {
    expect((await fake.ask(['results'], answer)).out).toBe(
      'chunk\t3\t3000\t2026-11-23T10:00:00.000Z\tincoming/a.mp4\tprocessed/a.mp4/chunk/manifest.json\n',
    )
  })

  it('require a prefix that starts with a bucket', async () => {
    const { code, err } = await fake.ask(['results', 'A/b'], answer)
    expect(code).toBe(2)
    expect(err).toContain('"A/b" does not start with the name of a bucket')
  })
})

describe('functions', () => {
  const view = {
    name: 'chunk',
    version: '1',
    on: { bucket: 'incoming', match: ['**/*.mp4'], ignore: [], events: ['Put'], minBytes: 0, maxBytes: null },
    trigger: 'always',
    askedOn: [],
    presets: {},
    outputBucket: 'processed',
    onDelete: 'keep',
    afterSuccess: 'keep',
    optionsSchema: { properties: { seconds: { type: 'number', minimum: 0.5, maximum: 600, default: 6 } } },
    settings: { seconds: 4 },
    retry: { attempts: 5, firstMs: 1_000, maxMs: 300_000 },
    timeoutMs: 7_200_000,
    stallTimeoutMs: 60_000,
    concurrency: 2,
    definedConcurrency: 2,
    isPaused: false,
    watermark: null,
    queue: { waiting: 1, backfill: 2, running: 0, open: 3, dead: 3 },
    workers: 1,
  }

  it('is a table of all, or everything about one with its options', async () => {
    const list = await fake.ask(['functions'], () => ({ body: { items: [view], nextCursor: null } }))
    expect(list.out).toBe('chunk\tactive\t1\t2\t0\t3\t1\t2\tincoming\t**/*.mp4\talways\n')
    const one = await fake.ask(['functions', 'chunk'], () => ({ body: view }), { columns: 80 })
    expect(one.out).toMatch(/^seconds +6 +4 +number from 0.5 to 600$/m)
  })

  it('say how to ask for one that runs only when asked, and which presets it has', async () => {
    const presets = { mobile: { seconds: 4, mode: 'copy' }, vod: {} }
    const asked = { ...view, name: 'hls', trigger: 'asked', askedOn: ['videos/**'], presets }
    const { out } = await fake.ask(['functions', 'hls'], () => ({ body: asked }), { columns: 160 })
    expect(out).toMatch(
      /only when asked: --attr make=hls, or sluice reprocess --function hls; the settings ask for videos\/\*\*/,
    )
    expect(out).toMatch(/mobile \(seconds=4 mode="copy"\), vod \(the defaults\)/)
    const list = await fake.ask(['functions'], () => ({ body: { items: [asked] } }), { columns: 80 })
    expect(list.out).toMatch(/when asked: /)
  })

  it('fit in 80 columns, with all that is waiting in one number', async () => {
    const wide = {
      ...view,
      on: { ...view.on, match: ['**/*.{mp4,mov,mkv,webm,avi,ts,mpg,mp3,wav,flac,ogg}'] },
    }
    const { out } = await fake.ask(['functions'], () => ({ body: { items: [wide] } }), { columns: 80 })
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    expect(out).toMatch(/^chunk +active +3 +0 +3 +1 +incoming\//m)
  })

  it('show the effective default of an option whose schema has none', async () => {
    const optionsSchema = { properties: { seconds: { type: 'number', 'x-default': 6 } } }
    const body = { ...view, optionsSchema, settings: {} }
    const { out } = await fake.ask(['functions', 'chunk'], () => ({ body }), { columns: 80 })
    expect(out).toMatch(/^seconds +6 +number$/m)
  })

  it('show what is valid where one of several kinds is, or only words say it', async () => {
    const words = 'such as "720,360"'
    const optionsSchema = {
      properties: {
        renditions: { type: ['string', 'number'], description: words },
        dash: { anyOf: [{ type: 'boolean' }, { type: 'string', enum: ['on', 'off'] }] },
        bytes: { type: 'string', pattern: '^x$', description: words },
      },
    }
    const body = { ...view, optionsSchema, settings: {} }
    const { out } = await fake.ask(['functions', 'hls'], () => ({ body }), { columns: 80 })
    expect(out).toMatch(/^renditions +such as "720,360"$/m)
    expect(out).toMatch(/^dash +boolean, "on", "off"$/m)
    expect(out).toMatch(/^bytes +string like "\^x\$" \(such as "720,360"\)$/m)
  })

  it('are paused, resumed and limited', async () => {
    const answer = () => ({ body: { ...view, isPaused: true } })
    expect((await fake.ask(['pause', 'chunk'], answer)).out).toContain('chunk is paused; 3 waiting')
    expect(fake.api?.asked[0]).toMatchObject({ method: 'POST', path: '/v1/functions/chunk/pause' })
    await fake.ask(['concurrency', 'chunk', 'default'], answer)
    expect(fake.api?.asked[0]).toMatchObject({ method: 'PATCH', body: { concurrency: null } })
  })
})
