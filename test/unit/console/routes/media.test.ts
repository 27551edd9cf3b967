import { describe, expect, it } from 'vitest'
import { sessionOf } from '../../../../runtime/api/login/session.ts'
import { FUNCTION } from '../../api/examples.ts'
import { createTestConsole, formOf, htmlOf } from '../test-console.ts'

const NOW = '2026-01-02T03:04:05.678Z'
const SESSION = '20261129T221841Z-ba02e7'
const TOKENS = { reader: 'r'.repeat(32), operator: 'o'.repeat(32), admin: 'a'.repeat(32) }
const LIVE = {
  name: 'cam1',
  state: 'live' as const,
  session: SESSION,
  door: 'rtmp' as const,
  peer: '<b>\u202e127.0.0.1',
  startedAt: NOW,
  isStopping: false,
  isReceiverSilent: false,
  numbers: {
    pieces: 3,
    seconds: 12,
    sizeBytes: 4_096,
    droppedSeconds: 0,
    gapSeconds: 2,
    gaps: 1,
    spoolBytes: 0,
  },
}
const DETAIL = { ...LIVE, lastTakes: [], history: [] }
const KEY = { id: 'k1', name: 'cam1', createdAt: NOW }
const ANSWERS = {
  functions: { list: () => Promise.resolve([FUNCTION]) },
  streams: {
    list: () => Promise.resolve([LIVE]),
    get: (name: string) => Promise.resolve(name === 'cam1' ? DETAIL : undefined),
    keys: (name: string) => Promise.resolve(name === 'cam1' ? [KEY] : []),
    pull: () => Promise.resolve(LIVE),
    stop: () => Promise.resolve({ ...LIVE, hasEndedPull: false }),
    createKey: () => Promise.resolve({ ...KEY, secret: 'the-secret' }),
    revokeKey: () => Promise.resolve(KEY),
  },
}
const PAGES = ['/upload', '/streams', '/streams/cam1'] as const
const as = (role: 'reader' | 'operator') => ({
  headers: { cookie: `sluice_session=${sessionOf(TOKENS, role)}` },
})

describe('every page of media', () => {
  it.each(PAGES)(
    '%s shows names of strangers as text, without a script or style of its own',
    async (path) => {
      const html = await htmlOf(createTestConsole(ANSWERS, { storeOrigin: 'https://s3' }).app, path)
      expect(html).toContain('<main')
      expect(html.replaceAll(/"[^"]*"/g, '""')).not.toMatch(/<[^>]+ (?:on\w+|style)=|\u202e|<b>\\u/)
    },
  )

  it.each(PAGES)('%s has nothing to change for a reader', async (path) => {
    const { app } = createTestConsole(ANSWERS, { tokens: TOKENS, storeOrigin: 'https://s3' })
    const html = await (await app.request(path, as('reader'))).text()
    const actions = [...html.matchAll(/<form[^>]* method="post" action="([^"]*)"/g)].map(([, to = '']) => to)
    expect(actions.sort()).toEqual(['/logout', '/theme'])
    expect(html).not.toContain('data-uploader')
    expect(html.includes('Uploading needs the role operator')).toBe(path === '/upload')
  })
})

describe('the page of uploads', () => {
  it('is in the menu of who may upload, where there is an account for it', async () => {
    const menuOf = async (role: 'reader' | 'operator', storeOrigin?: string) => {
      const { app } = createTestConsole(ANSWERS, { tokens: TOKENS, storeOrigin })
      return (await (await app.request('/streams', as(role))).text()).includes('href="/upload"')
    }
    expect([
      await menuOf('operator', 'https://s3'),
      await menuOf('reader', 'https://s3'),
      await menuOf('operator'),
    ]).toEqual([true, false, false])
  })

  it('allows the browser to send to the store, and nowhere else', async () => {
    const { app } = createTestConsole(ANSWERS, { storeOrigin: 'https://s3.example.org' })
    const policy = (await app.request('/upload')).headers.get('content-security-policy')
    expect(policy).toContain("connect-src 'self' https://s3.example.org;")
  })

  it('has a field for each option, and a box for each function that runs when asked', async () => {
    const asked = { ...FUNCTION, name: 'film', trigger: 'asked' as const }
    const optionsSchema = { properties: { seconds: { type: 'number', default: 6 } } }
    const list = () => Promise.resolve([{ ...FUNCTION, optionsSchema }, asked])
    const { app } = createTestConsole({ ...ANSWERS, functions: { list } }, { storeOrigin: 'https://s3' })
    const html = await htmlOf(app, '/upload')
    expect(html).toMatch(
      /<input type="text" name="option:cut\.seconds" inputmode="decimal" placeholder="6 \(default\)"/,
    )
    expect(html).toMatch(/<input type="checkbox" name="make" value="film"\/>/)
    expect(html).toMatch(/<input type="checkbox" name="make" value="cut" checked="" disabled=""\/>/)
  })

  it('has the folder of an object that is to be uploaded again, and says the name that its file must have', async () => {
    const { app } = createTestConsole(ANSWERS, { storeOrigin: 'https://s3' })
    const html = await htmlOf(app, '/upload?bucket=incoming&key=my%20films%2F2026%2F%3Cb%3E.mp4')
    expect(html).toMatch(/<input type="text" name="folder" value="my films\/2026"/)
    expect(html).toContain('the same name: <bdi>&lt;b&gt;.mp4</bdi>')
    for (const path of ['/upload', '/upload?bucket=other&key=a.mp4', '/upload?bucket=incoming&key='])
      expect(await htmlOf(app, path)).not.toContain('the same name')
  })

  it('says which settings are missing where uploads are off', async () => {
    expect(await htmlOf(createTestConsole(ANSWERS).app, '/upload')).toContain('MINIO_UPLOADER_ACCESS_KEY')
  })
})

describe('a stream', () => {
  it('plays while it runs', async () => {
    const html = await htmlOf(createTestConsole(ANSWERS, { base: '/sluice' }).app, '/streams/cam1')
    expect(html).toContain('data-hls="/sluice/v1/streams/cam1/live.m3u8"')
    expect(html).toContain('Live')
    expect(html).toContain('2.0 s in 1 gap<')
  })

  it('plays the session that the address names', async () => {
    const html = await htmlOf(createTestConsole(ANSWERS).app, `/streams/cam1?session=${SESSION}`)
    expect(html).toContain(`data-hls="/v1/streams/cam1/sessions/${SESSION}/live.m3u8"`)
  })

  it.each(['/streams/nobody', '/streams/..%2fx', '/streams/%3Cb%3E'])('%s is not there', async (path) => {
    expect((await createTestConsole(ANSWERS).app.request(path)).status).toBe(404)
  })

  it('is stopped and pulled by forms', async () => {
    const { app, calls } = createTestConsole(ANSWERS)
    expect((await app.request('/streams/cam1/stop', formOf())).status).toBe(303)
    await app.request('/streams', formOf({ name: 'cam2', url: 'rtsp://camera/live' }))
    expect(calls).toEqual([
      { name: 'streams.stop', args: ['cam1', false] },
      { name: 'streams.pull', args: [{ name: 'cam2', url: 'rtsp://camera/live' }] },
    ])
  })

  it('with a wrong name is not pulled, and the next page says why', async () => {
    const { app, calls } = createTestConsole(ANSWERS)
    const answer = await app.request('/streams', formOf({ name: 'A b', url: 'rtsp://camera/live' }))
    expect([answer.status, calls]).toEqual([303, []])
    expect(decodeURIComponent(answer.headers.get('set-cookie') ?? '')).toMatch(/!name: a name has/)
  })

  it('gets a key whose secret is on one page only, and in no cookie', async () => {
    const { app } = createTestConsole(ANSWERS)
    const answer = await app.request('/streams/cam1/keys', formOf({ expiresIn: '' }))
    expect(await answer.text()).toContain('<code>the-secret</code>')
    expect([answer.status, answer.headers.get('set-cookie'), answer.headers.get('cache-control')]).toEqual([
      200,
      null,
      'no-store',
    ])
    expect(await htmlOf(app, '/streams/cam1')).not.toContain('the-secret')
  })

  it('has keys that are revoked by a form', async () => {
    const { app, calls } = createTestConsole(ANSWERS)
    await app.request('/streams/cam1/keys/k1/revoke', formOf())
    expect(calls).toEqual([{ name: 'streams.revokeKey', args: ['cam1', 'k1'] }])
  })
})
