import { describe, expect, it } from 'vitest'
import type { FunctionOfObject, ObjectView } from '../../../../runtime/api/objects/model.ts'
import { UPLOAD_AGAIN } from '../../../../runtime/api/objects/next.ts'
import { sessionOf } from '../../../../runtime/api/login/session.ts'
import { RUN, RUN_ID } from '../../api/examples.ts'
import { viewOf } from '../full-answers.ts'
import { createTestConsole } from '../test-console.ts'

const TOKENS = { reader: 'r'.repeat(32), operator: 'o'.repeat(32) }
const [, other] = viewOf({ count: 2, key: 'a.mp4' }).functions as [FunctionOfObject, FunctionOfObject]
const partOf = (name: string, part: Partial<FunctionOfObject>): FunctionOfObject => {
  const { run: _run, ...rest } = other
  return { ...rest, name, isMatch: false, isPaused: false, told: 'told', next: [], ...part }
}

async function htmlOf(functions: readonly FunctionOfObject[], role: 'reader' | 'operator' = 'operator') {
  const view: ObjectView = { ...viewOf({ count: 1, key: 'a.mp4' }), functions: [...functions] }
  const { app, calls } = createTestConsole(
    {
      objects: { view: () => Promise.resolve(view) },
      runs: { get: () => Promise.resolve({ ...RUN, lastLines: ['moov atom not found'] }) },
    },
    { tokens: TOKENS, storeOrigin: 'https://s3' },
  )
  const cookie = `sluice_session=${sessionOf(TOKENS, role)}`
  const html = await (await app.request('/objects/incoming?key=a.mp4', { headers: { cookie } })).text()
  return { html, calls }
}

describe('a function of an object', () => {
  const dead = partOf('chunk', {
    isMatch: true,
    reason: 'dead',
    run: { ...RUN, status: 'dead' },
    told: 'given up: moov atom not found',
    next: [
      UPLOAD_AGAIN,
      { text: 'Run it with other options', command: 'sluice reprocess a.mp4 --option NAME=VALUE' },
    ],
  })

  it('that has failed shows why, the last lines of its tool, and what to do', async () => {
    const { html, calls } = await htmlOf([dead])
    expect(html).toContain('<p class="verdict">Given up: moov atom not found.</p>')
    expect(html).toContain('<pre tabindex="0">moov atom not found</pre>')
    expect(html).toContain('Upload it again once it is fixed.')
    expect(html).toContain('<code>sluice reprocess a.mp4 --option NAME=VALUE</code>')
    expect(calls).toContainEqual({ name: 'runs.get', args: [RUN_ID] })
  })

  it('that needs another upload leads to its form, but not for a reader', async () => {
    const href = 'href="/upload?bucket=incoming&amp;key=a.mp4"'
    expect((await htmlOf([dead])).html).toContain(href)
    const { html } = await htmlOf([dead], 'reader')
    expect(html).not.toContain(href)
    expect(html).toContain('Upload it again once it is fixed.')
  })

  it('that waits can be cancelled, and resumed where it is paused', async () => {
    const run = { ...RUN, status: 'queued' } as const
    const { html } = await htmlOf([partOf('chunk', { isMatch: true, isPaused: true, reason: 'paused', run })])
    expect(html).toContain(`action="/runs/${RUN_ID}/cancel"`)
    expect(html).toContain('action="/functions/chunk/resume"')
    expect(html).not.toContain('Run again')
  })

  it('that the sweep would find is swept for by a button, or by a command for a reader', async () => {
    const sweep = {
      text: 'Sweep now',
      command: 'sluice sweep',
      action: { method: 'POST', path: '/v1/sweep', body: {} },
    } as const
    const lost = partOf('chunk', { isMatch: true, reason: 'not-announced', next: [sweep] })
    expect((await htmlOf([lost])).html).toContain('action="/sweep"')
    const { html } = await htmlOf([lost], 'reader')
    expect(html).not.toContain('action="/sweep"')
    expect(html).toContain('<code>sluice sweep</code>')
  })

  it('that runs only when asked can be asked, but not by a reader', async () => {
    const asked = ['hls', 'poster'].map((name) => partOf(name, { reason: 'not-asked' }))
    const { html } = await htmlOf(asked)
    expect(html).toMatch(/action="\/objects\/incoming\/run\?key=a.mp4"[^>]*><input [^>]*value="hls"/)
    expect((await htmlOf(asked, 'reader')).html).toContain('<p class="quiet">hls, poster</p>')
  })

  it('that is not for it has one line with all others of the same reason', async () => {
    const others = ['x', 'y'].map((name) => partOf(name, { reason: 'pattern', told: 'no match' }))
    expect((await htmlOf([dead, ...others])).html).toContain('<b>Not for x, y:</b> No match.')
  })
})
