/** The script of the console's pages, in a real Chromium. */
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Run } from '../../runtime/api/runs/model.ts'
import { sessionOf } from '../../runtime/api/login/session.ts'
import { chromiumPath, openPage, startBrowser, type WatchedPage } from '../helpers/console/browser.ts'
import { faultsOf } from '../helpers/console/judged.ts'
import { serveConsole, type ServedConsole } from '../helpers/console/served.ts'
import { waitFor } from '../helpers/wait.ts'
import { FUNCTION, RUN } from '../unit/api/examples.ts'
import type { Answers } from '../unit/api/test-api.ts'

const HOSTILE = '<img src=x onerror=alert(1)>\u202egpj.mp4'
const runOf = (digit: string, more: Partial<Run> = {}): Run => ({
  ...RUN,
  id: digit.repeat(32),
  status: 'queued',
  object: { ...RUN.object, key: `film ${digit}.mp4` },
  ...more,
})
const answersOf = (runs: readonly Run[], isPaused = false): Answers => ({
  runs: {
    list: () => Promise.resolve({ items: [...runs], nextCursor: null }),
    running: () => Promise.resolve([]),
  },
  deadLetters: { list: () => Promise.resolve({ items: [], nextCursor: null }) },
  functions: {
    list: () => Promise.resolve([{ ...FUNCTION, isPaused }]),
    pause: () => Promise.resolve({ ...FUNCTION, isPaused: true }),
  },
})
const QUEUED = answersOf([runOf('1'), runOf('2')])
const DONE = answersOf([runOf('1', { status: 'succeeded' }), runOf('2')])

describe.skipIf(chromiumPath === undefined)('a page of the console', () => {
  let browser: Browser
  let served: ServedConsole
  let watched: WatchedPage
  beforeAll(async () => {
    browser = await startBrowser()
  })
  afterAll(() => browser.close())
  afterEach(async () => {
    await watched.close()
    await served.stop()
  })

  async function open(path: string, answers: Answers = QUEUED, options?: Parameters<typeof openPage>[1]) {
    served = await serveConsole(answers)
    watched = await openPage(browser, options)
    await watched.page.goto(served.url + path)
    return watched.page
  }
  const watching = (count = 1) =>
    waitFor(() => Promise.resolve(served.watchers.size === count), {
      timeoutMs: 10_000,
      what: `${count} pages to listen`,
    })

  it('shows a change without a reload, and leaves the field in use and open details alone', async () => {
    const page = await open('/runs')
    await watching()
    await page.locator('input[name=contains]').focus()
    await page.evaluate('window.isTheSame = true')
    served.change(DONE)
    served.tell()
    await page.locator(`#run-${'1'.repeat(32)} .s-succeeded`).waitFor()
    expect(await page.evaluate('[document.activeElement.name, window.isTheSame]')).toEqual(['contains', true])
    expect([...served.watchers.values()]).toEqual(['all'])
    expect(watched.said).toEqual([])
  })

  it('asks once for many changes, and gets nothing while it is the same', async () => {
    served = await serveConsole(QUEUED)
    watched = await openPage(browser)
    const { page } = watched
    const answered: number[] = []
    page.on('response', (answer) => {
      if (answer.request().headers()['x-part'] === 'main') answered.push(answer.status())
    })
    await page.goto(`${served.url}/runs`)
    await waitFor(() => Promise.resolve(answered.length >= 1), { timeoutMs: 5_000, what: 'the first look' })
    for (let index = 0; index < 20; index += 1) served.tell()
    await waitFor(() => Promise.resolve(answered.length >= 2), { timeoutMs: 5_000, what: 'the second look' })
    served.change(DONE)
    served.tell()
    await page.locator('.runs .s-succeeded').waitFor()
    expect(answered).toEqual([200, 204, 200])
    expect(watched.said).toEqual([])
  })

  it('changes something in place, and says what was done', async () => {
    const page = await open('/')
    await watching()
    const switched = page.getByRole('switch')
    expect(await switched.getAttribute('aria-checked')).toBe('true')
    served.change({ ...QUEUED, functions: { ...answersOf([], true).functions } })
    await switched.click()
    await page.locator('#toast').getByText('cut is paused: uploads wait.').waitFor()
    expect(await switched.getAttribute('aria-checked')).toBe('false')
    // Said once: the notice of the page is taken off when it floats.
    await page.locator('main .notice[role=status]').waitFor({ state: 'detached' })
    expect(watched.said).toEqual([])
  })

  it('filters at once, and its address is the filter', async () => {
    const page = await open('/runs')
    await page.getByText('Given up', { exact: true }).first().click()
    await page.waitForURL('**/runs?status=dead')
    await page.locator('input[name=contains]').pressSequentially('a b/')
    await page.waitForURL('**/runs?status=dead&contains=a+b%2F')
    await page.reload()
    expect(await page.locator('input[name=contains]').inputValue()).toBe('a b/')
    expect(await page.locator('input[value=dead]').isChecked()).toBe(true)
    expect(watched.said).toEqual([])
  })

  it('stands still while it is held, and is true again after that', async () => {
    const page = await open('/runs')
    await watching()
    await page.locator('[data-live-switch]').click()
    served.change(DONE)
    const looks = served.looks()
    served.tell()
    await waitFor(() => Promise.resolve(served.looks() > looks), { timeoutMs: 5_000, what: 'a look' })
    expect(await page.locator('[data-live-switch]').textContent()).toBe('Held')
    expect(await page.locator('.runs .s-succeeded').count()).toBe(0)
    await page.locator('[data-live-switch]').click()
    await page.locator('.runs .s-succeeded').waitFor()
    expect(watched.said).toEqual([])
  })

  it('does not listen while it is not in sight', async () => {
    const page = await open('/runs')
    await watching()
    const hide = (state: string) =>
      page.evaluate(`
        Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true })
        document.dispatchEvent(new Event('visibilitychange'))`)
    await hide('hidden')
    await watching(0)
    served.change(DONE)
    await hide('visible')
    await watching()
    await page.locator('.runs .s-succeeded').waitFor()
    expect(watched.said).toEqual([])
  })

  it('says that the server is gone, and refreshes itself when it is back', async () => {
    const page = await open('/runs')
    await watching()
    await served.pause()
    await page.getByText('The server does not answer.').waitFor({ timeout: 40_000 })
    expect(await page.locator('.runs tbody tr').count()).toBe(2)
    served.change(DONE)
    await served.resume()
    await page.locator('.runs .s-succeeded').waitFor()
    await page.locator('#lost').waitFor({ state: 'hidden' })
    await watching()
  })

  it('says that Redis is away, also when it is opened then, and is there when Redis is', async () => {
    const away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    const broken = { ...QUEUED, runs: { list: () => Promise.reject(away) } }
    const page = await open('/runs', broken)
    await page.getByRole('heading', { name: /Redis does not answer/ }).waitFor()
    served.change(QUEUED)
    await page.locator('.runs').waitFor()
    await watching()
    served.change(broken)
    served.tell()
    await page.getByText('Redis does not answer.').waitFor()
    expect(await page.title()).toBe('Runs · Sluice')
    served.change(DONE)
    await page.locator('.runs .s-succeeded').waitFor()
  })

  it('says that its login has ended, and leads back after the next one', async () => {
    const tokens = { reader: 'the-token-of-a-reader' }
    served = await serveConsole(QUEUED, { tokens })
    watched = await openPage(browser)
    const { page } = watched
    await page
      .context()
      .addCookies([{ name: 'sluice_session', value: sessionOf(tokens, 'reader'), url: served.url }])
    await page.goto(`${served.url}/runs?status=queued`)
    await watching()
    const next = { reader: 'another-token-of-a-reader' }
    served.change(QUEUED, { tokens: next })
    served.tell()
    await page.getByText('Your login has ended.').waitFor()
    expect(await page.locator('.runs tbody tr').count()).toBe(2)
    await page.getByRole('link', { name: 'Log in again' }).click()
    await page.getByLabel('Token').fill(next.reader)
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.waitForURL('**/runs?status=queued')
  })

  it('for the login has nothing that axe or the console of the browser complains of', async () => {
    served = await serveConsole(QUEUED, { tokens: { reader: 'the-token-of-a-reader' } })
    watched = await openPage(browser, { bypassCSP: true })
    await watched.page.goto(`${served.url}/login`)
    expect([...(await faultsOf(watched.page)), ...watched.said]).toEqual([])
  })

  it('shows hostile names as text, to the script too', async () => {
    const page = await open('/runs', answersOf([runOf('1', { object: { ...RUN.object, key: HOSTILE } })]))
    await watching()
    served.change(answersOf([runOf('2', { object: { ...RUN.object, key: `${HOSTILE}2` } })]))
    served.tell()
    await page.locator(`#run-${'2'.repeat(32)}`).waitFor()
    expect(await page.locator('main img').count()).toBe(0)
    expect(watched.said).toEqual([])
  })

  it('knows keys, and lists them', async () => {
    const page = await open('/')
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('g')
    await page.keyboard.press('r')
    await page.waitForURL('**/runs')
    expect(watched.said).toEqual([])
  })

  it('can be read and used without its script', async () => {
    const page = await open('/runs', QUEUED, { javaScriptEnabled: false })
    await page.locator('input[value=dead]').check({ force: true })
    await page.getByRole('button', { name: 'Show' }).click()
    expect(page.url()).toContain(`${served.url}/runs?status=dead&`)
    await page.goto(`${served.url}/`)
    await page.getByRole('switch').click()
    await page.getByText('cut is paused: uploads wait.').waitFor()
  })
})
