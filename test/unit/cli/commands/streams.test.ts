/** `sluice streams` and its commands: what they send, and what they print in 80 columns. */
import { describe, expect, it } from 'vitest'
import type { StreamDetail, StreamKeyView, StreamView } from '../../../../runtime/api/streams/model.ts'
import { useFakeApi, type RunOptions } from './fake-api.ts'

const fake = useFakeApi()
const AT_TERMINAL: RunOptions = { columns: 80 }
const agoMs = (ms: number) => new Date(Date.now() - ms).toISOString()
const NUMBERS = {
  pieces: 12,
  seconds: 48,
  sizeBytes: 3_355_443,
  droppedSeconds: 0,
  gapSeconds: 0,
  gaps: 0,
  spoolBytes: 0,
}
const LOSSY = { ...NUMBERS, droppedSeconds: 4, gapSeconds: 5.5, gaps: 1, spoolBytes: 2_048 }

function streamOf(rest: Partial<StreamView> = {}): StreamView {
  return {
    name: 'cam1',
    state: 'live',
    session: '20261129T221841Z-ba02e7',
    door: 'rtmp',
    peer: '192.0.2.7:51234',
    takes: 2,
    startedAt: agoMs(300_000),
    takeStartedAt: agoMs(60_000),
    isStopping: false,
    isReceiverSilent: false,
    numbers: NUMBERS,
    numbersAt: agoMs(8_000),
    playlist: '/v1/streams/cam1/live.m3u8',
    ...rest,
  }
}

const DETAIL: StreamDetail = {
  ...streamOf({ numbers: LOSSY, keyId: '9f86d081' }),
  lastTakes: [
    { take: 1, door: 'rtmp', peer: '192.0.2.7:51230', startedAt: agoMs(300_000), end: 'sender-lost' },
    { take: 2, door: 'rtmp', peer: '192.0.2.7:51234', startedAt: agoMs(60_000) },
  ],
  history: [
    {
      session: '20261128T101010Z-000001',
      door: 'http',
      why: 'sender-finished',
      takes: 1,
      startedAt: agoMs(90_000_000),
      endedAt: agoMs(80_000_000),
      ...NUMBERS,
      record: { bucket: 'processed', key: 'streams/cam1/20261128T101010Z-000001/session.json' },
    },
  ],
}

const widest = (text: string) => Math.max(...text.split('\n').map((line) => line.length))

describe('streams', () => {
  const items = [
    streamOf(),
    streamOf({ name: 'a'.repeat(64), numbers: LOSSY, state: 'waiting' }),
    {
      name: 'door',
      state: 'wanted',
      isStopping: false,
      isReceiverSilent: false,
      wanted: { url: 'rtsp://***:***@door.lan/', since: agoMs(300_000) },
    },
  ]

  it('lists them in 80 columns, with what is missing', async () => {
    const { code, out } = await fake.ask(
      ['streams'],
      () => ({ body: { items, nextCursor: null } }),
      AT_TERMINAL,
    )
    expect(code).toBe(0)
    expect(widest(out)).toBeLessThanOrEqual(80)
    const [title, live, waiting, wanted] = out.split('\n')
    expect(title).toMatch(/^STREAM +STATE +FOR +DOOR +TAKES +MEDIA +SIZE +MISSING$/)
    expect(live).toMatch(/^cam1 +live +5m +rtmp +2 +48s +3.2 MiB +0s$/)
    expect(waiting).toMatch(/^a+…a+ +waiting +5m .* 5.5s$/)
    expect(wanted).toMatch(/^door +wanted +5m/)
  })

  it('prints exact values between tabs for programs, and the sender', async () => {
    const { out } = await fake.ask(['streams'], () => ({
      body: { items: [streamOf({ numbers: LOSSY })], nextCursor: null },
    }))
    const cells = out.trimEnd().split('\t')
    expect(cells.slice(0, 2)).toEqual(['cam1', 'live'])
    expect(cells.slice(4)).toEqual([
      '2',
      '48',
      '3355443',
      '5.5',
      '4',
      '20261129T221841Z-ba02e7',
      '192.0.2.7:51234',
    ])
  })

  it('says so when there are none', async () => {
    const { out, err } = await fake.ask(
      ['streams'],
      () => ({ body: { items: [], nextCursor: null } }),
      AT_TERMINAL,
    )
    expect([out, err]).toEqual(['', 'no stream is live, wanted or ended in the last seven days\n'])
  })
})

describe('streams show', () => {
  it('shows its sender, its takes, its losses in seconds, its playlist, and its last sessions', async () => {
    const { out } = await fake.ask(['streams', 'show', 'cam1'], () => ({ body: DETAIL }), AT_TERMINAL)
    expect(fake.api?.asked[0]).toMatchObject({ method: 'GET', path: '/v1/streams/cam1' })
    expect(out).toMatch(/^state +live$/m)
    expect(out).toMatch(/^sender +192.0.2.7:51234$/m)
    expect(out).toMatch(/^key +9f86d081$/m)
    expect(out).toMatch(/^take +2, of /m)
    expect(out).toMatch(/^received +12 pieces, 48s of media, 3.2 MiB, as of \d+(?:\.\d)?s ago$/m)
    expect(out).toMatch(/^missing +5.5s in 1 gap; 4s was received and dropped$/m)
    expect(out).toMatch(/^to be sent +2 KiB on the receiver's disk$/m)
    expect(out).toMatch(new RegExp(`^playlist +${fake.api?.url}/v1/streams/cam1/live.m3u8$`, 'm'))
    expect(out).toMatch(/^ +1 +rtmp +5m +sender-lost +192.0.2.7:51230$/m)
    expect(out).toMatch(/^20261128T101010Z-000001 +22h +sender-finished +1 +48s +0s$/m)
  })

  it('prints the whole answer with --json, also behind the name', async () => {
    const { out } = await fake.ask(['streams', 'show', 'cam1', '--json'], () => ({ body: DETAIL }))
    expect(JSON.parse(out)).toEqual(DETAIL)
  })

  it.each([
    [{ isReceiverSilent: true, state: 'waiting' as const }, /waiting: its receiver is silent/],
    [{ isStopping: true }, /live; its end was requested/],
    [{ state: 'ended' as const, why: 'key-revoked' }, /ended: key-revoked/],
    [{ numbers: NUMBERS }, /missing +nothing/],
  ])('says for %o what that means', async (rest, line) => {
    const { out } = await fake.ask(['streams', 'show', 'cam1'], () => ({ body: { ...DETAIL, ...rest } }))
    expect(out.replaceAll('\t', '  ')).toMatch(line)
  })

  it.each(['Cam', '-', 'a/b', '..'])('refuses the name %j before it asks', async (name) => {
    const { code, err } = await fake.ask(['streams', 'show', '--', name], () => ({ body: DETAIL }))
    expect({ code, asked: fake.api?.asked }).toEqual({ code: 2, asked: [] })
    expect(err).toContain('a name has')
  })
})

it('streams show tells why a pull fails, how often and when', async () => {
  const lastFailure = { why: 'nothing listens there', failures: 7, at: agoMs(5_000) }
  const wanted = { url: 'rtsp://***:***@door.lan/', since: agoMs(300_000), lastFailure }
  const body = { ...DETAIL, state: 'wanted', wanted }
  const { out } = await fake.ask(['streams', 'show', 'cam1'], () => ({ body }), AT_TERMINAL)
  expect(out).toMatch(/^pull failed +7 times in a row, last at .*: nothing listens there$/m)
})

describe('streams stop', () => {
  it('says what ends, and what is still pulled', async () => {
    const stopping = streamOf({ isStopping: true })
    const { out } = await fake.ask(['streams', 'stop', 'cam1'], () => ({ status: 202, body: stopping }))
    expect(fake.api?.asked[0]).toMatchObject({ method: 'DELETE', path: '/v1/streams/cam1' })
    expect(out).toBe('cam1: session 20261129T221841Z-ba02e7 ends within two seconds\n')

    const wanted = { ...stopping, wanted: { url: 'rtsp://cam.lan/', since: agoMs(1) } }
    const kept = await fake.ask(['streams', 'stop', 'cam1', '--keep-pull'], () => ({
      status: 202,
      body: wanted,
    }))
    expect(fake.api?.asked[0]?.path).toBe('/v1/streams/cam1?keep=wanted')
    expect(kept.out).toContain('; it is still pulled from rtsp://cam.lan/')
  })

  it('says that a pull was ended, also where no session was live', async () => {
    for (const [isStopping, session] of [
      [false, 'no session was live'],
      [true, 'session 20261129T221841Z-ba02e7 ends within two seconds'],
    ] as const) {
      const body = { ...streamOf({ isStopping }), hasEndedPull: true }
      const { out } = await fake.ask(['streams', 'stop', 'cam1'], () => ({ status: 202, body }))
      expect(out).toBe(`cam1: ${session}; its pull was ended\n`)
    }
  })

  it('fails when there is nothing to stop', async () => {
    const detail = 'there is no stream cam1 that is live, waits or is wanted'
    const { code, err } = await fake.ask(['streams', 'stop', 'cam1'], () => ({
      status: 404,
      body: { detail },
    }))
    expect({ code, err }).toEqual({ code: 1, err: `sluice: ${detail}\n` })
  })
})

it('streams pull asks for the address, and prints it without its password', async () => {
  const url = 'rtsp://viewer:hunter2@cam.lan/live'
  const body = streamOf({ state: 'wanted', wanted: { url: 'rtsp://***:***@cam.lan/live', since: agoMs(1) } })
  const { out, err } = await fake.ask(['streams', 'pull', 'cam1', url], () => ({ status: 202, body }))
  expect(fake.api?.asked[0]).toMatchObject({
    method: 'POST',
    path: '/v1/streams',
    body: { name: 'cam1', url },
  })
  expect(out).toContain('cam1 is pulled from rtsp://***:***@cam.lan/live')
  expect(out + err).not.toContain('hunter2')
})

it('streams pull hands on the options of a pull, and streams show has them', async () => {
  const url = 'rtsp://cam.lan/live'
  const words = '--seconds 2 --max-duration 12h --reconnect 2m --on-full brake --join mp4'
  const wanted = {
    url,
    since: agoMs(1),
    seconds: 2,
    maxDurationSeconds: 43_200,
    reconnectSeconds: 120,
    onFull: 'brake',
    join: 'mp4',
  } as const
  await fake.ask(['streams', 'pull', 'cam1', url, ...words.split(' ')], () => ({
    status: 202,
    body: streamOf({ state: 'wanted', wanted }),
  }))
  expect(fake.api?.asked[0]?.body).toEqual({
    name: 'cam1',
    url,
    seconds: 2,
    maxDuration: '12h',
    reconnect: '2m',
    onFull: 'brake',
    join: 'mp4',
  })
  const body = { ...DETAIL, state: 'wanted', wanted }
  const { out } = await fake.ask(['streams', 'show', 'cam1'], () => ({ body }), AT_TERMINAL)
  expect(out).toMatch(/^pull options +pieces of 2 s, sessions of 12h/m)
  const strange = await fake.ask(['streams', 'pull', 'cam1', url, '--on-full', 'panic'], () => ({ body }))
  expect(strange.code).toBe(2)
})

describe('streams key', () => {
  const key: StreamKeyView = { id: '9f86d081', name: 'cam1', createdAt: agoMs(7_200_000) }

  it('create prints the secret once, on its own line', async () => {
    const made = {
      ...key,
      secret: 'AAAAAAAAAAAAAAAAAAAAAA',
      expiresAt: new Date(Date.now() + 43_200_000).toISOString(),
    }
    const words = ['streams', 'key', 'create', 'cam1', '--expires-in', '12h']
    const { out } = await fake.ask(words, () => ({ status: 201, body: made }))
    expect(fake.api?.asked[0]).toMatchObject({
      method: 'POST',
      path: '/v1/streams/cam1/keys',
      body: { expiresIn: '12h' },
    })
    expect(out).toContain('secret\tAAAAAAAAAAAAAAAAAAAAAA\n')
    expect(out).toMatch(/^expires\t.*\(in 12h\)$/m)
  })

  it('list shows which are good', async () => {
    const items = [
      key,
      { ...key, id: 'b', name: '*', revokedAt: agoMs(1) },
      { ...key, id: 'c', expiresAt: agoMs(1) },
    ]
    const { out } = await fake.ask(
      ['streams', 'key', 'list', '*'],
      () => ({ body: { items, nextCursor: null } }),
      AT_TERMINAL,
    )
    expect(fake.api?.asked[0]?.path).toBe('/v1/streams/*/keys')
    expect(out.split('\n').map((line) => line.split(/ {2,}/)[3])).toEqual([
      'STATE',
      'good',
      'revoked',
      'expired',
      undefined,
    ])
    expect(widest(out)).toBeLessThanOrEqual(80)
  })

  it('revoke names the key', async () => {
    const { out } = await fake.ask(['streams', 'key', 'revoke', 'cam1', '9f86d081'], () => ({ body: key }))
    expect(fake.api?.asked[0]).toMatchObject({ method: 'DELETE', path: '/v1/streams/cam1/keys/9f86d081' })
    expect(out).toBe('key 9f86d081 is revoked\n')
  })

  it.each([
    [['create', 'cam1', '--expires-in', 'soon'], /write a duration/],
    [['create', 'Cam'], /a name has/],
    [['destroy', 'cam1'], /unknown command|too many arguments/],
  ])('%j is a usage error', async (words, message) => {
    const { code, err } = await fake.ask(['streams', 'key', ...words], () => ({ body: key }))
    expect({ code, asked: fake.api?.asked }).toEqual({ code: 2, asked: [] })
    expect(err).toMatch(message)
  })
})
