/** The console on the whole stack, in a real Chromium: what a person does with it, how it looks, and what it does without a server. */
import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumPath, openPage, startBrowser, type WatchedPage } from '../helpers/console/browser.ts'
import { crawl, judgePages, LOOKS } from '../helpers/console/judged.ts'
import { CLIPS, clipFolder, makeMedia } from '../helpers/clips.ts'
import { useStack } from '../helpers/runs.ts'

const FOLDER = 'film day/ü'
const FILM = `${FOLDER}/clip.mp4`
const BROKEN = `${FOLDER}/broken film.mp4`
/** More than is sent in one piece. */
const LARGE_BYTES = 66 * 1_024 ** 2
const HOSTILE = '<img src=x onerror=alert(1)>.mp4'
const FUNCTIONS = join(import.meta.dirname, '..', '..', 'functions', 'index.ts')

describe.skipIf(chromiumPath === undefined)('the console', () => {
  const used = useStack({ SLUICE_FUNCTIONS_FILE: FUNCTIONS })
  const timeout = 60_000
  let browser: Browser
  let folder: string
  beforeAll(async () => {
    browser = await startBrowser()
    folder = await clipFolder()
  })
  afterAll(async () => {
    await browser.close()
    await rm(folder, { recursive: true, force: true })
  })

  async function open(path: string, options?: Parameters<typeof openPage>[1]): Promise<WatchedPage> {
    const watched = await openPage(browser, options)
    watched.page.setDefaultTimeout(timeout)
    await watched.page.goto(used.stack.apiUrl + path)
    return watched
  }
  const film = async () => readFile(await makeMedia(join(folder, 'clip.mp4'), CLIPS['faststart.mp4']))
  const status = (page: Page, key: string, text: string) =>
    page.getByRole('row').filter({ hasText: key }).filter({ hasText: text }).first().waitFor()

  it('takes files, shows each on its way, plays a result, says why one failed and runs it again, without one complaint of the browser', async () => {
    const runs = await open('/runs')
    const upload = await open('/upload')
    const buffer = await film()
    const { page } = upload
    await page.getByLabel('Folder').fill(FOLDER)
    await page.locator('#options-incoming-chunk summary').click()
    await page.locator('[name="option:chunk.seconds"]').fill('2')
    const mimeType = 'video/mp4'
    await page.locator('input[type=file]').setInputFiles([
      { name: 'clip.mp4', mimeType, buffer },
      { name: 'broken film.mp4', mimeType, buffer: Buffer.from('this is text') },
      { name: HOSTILE, mimeType, buffer },
    ])
    const sent = (name: string, text: string) =>
      page.locator('.uploads li').filter({ hasText: name }).filter({ hasText: text }).waitFor()
    await sent('clip.mp4', 'done')
    await sent('broken film.mp4', 'given up')
    await sent(HOSTILE, 'done')
    // Another page has them without a reload.
    await status(runs.page, 'clip.mp4', 'Done')
    await status(runs.page, 'broken film.mp4', 'Given up')
    await status(runs.page, HOSTILE, 'Done')
    await page.getByRole('link', { name: 'clip.mp4', exact: true }).click()
    await page.getByRole('button', { name: 'Play' }).click()
    await page.locator('.which b').filter({ hasText: '2' }).waitFor()
    await runs.page.getByRole('link', { name: BROKEN }).first().click()
    await runs.page.getByRole('heading', { name: BROKEN }).waitFor()
    await runs.page.locator('.verdict').filter({ hasText: 'text, not media' }).first().waitFor()
    await runs.page.getByRole('link', { name: /^Dead letters/ }).click()
    await runs.page.getByRole('button', { name: 'Run again …' }).first().click()
    await runs.page.getByRole('dialog').locator('.primary').click()
    await runs.page.locator('#toast p').waitFor()
    expect(await runs.page.locator('dialog[open]').count()).toBe(0)
    expect([...upload.said, ...runs.said]).toEqual([])
    await Promise.all([upload.close(), runs.close()])
  })

  it('sends a large file in parts, and again what broke: a part of it, and the question for the whole', async () => {
    const path = join(folder, 'large.bin')
    await writeFile(path, '')
    await truncate(path, LARGE_BYTES)
    const watched = await open('/upload')
    const { page } = watched
    for (const once of [/[?&]partNumber=2&/, /\/complete$/])
      await page.route(once, (route) => route.abort('connectionreset'), { times: 1 })
    // These sentences stand for as long as it takes to try again, which may be less than a look from here.
    await page.evaluate(`
      window.told = []
      new MutationObserver(() => window.told.push(document.querySelector('main').textContent)).observe(
        document.querySelector('main'), { subtree: true, childList: true, characterData: true })`)
    await page.locator('input[type=file]').setInputFiles(path)
    const row = page.locator('.uploads li').filter({ hasText: 'large.bin' })
    await row.filter({ hasText: 'Stored.' }).waitFor()
    const told = (await page.evaluate('window.told.join()')) as string
    expect(told).toContain('Part 2 is sent again')
    expect(told).toContain('All parts are sent')
    expect((await used.stack.storage.head('incoming', 'large.bin'))?.sizeBytes).toBe(LARGE_BYTES)
    await watched.close()
  })

  it('says that an upload needs another login, in words for people', async () => {
    const watched = await open('/upload')
    const { page } = watched
    await page.route(/\/v1\/uploads$/, (route) => route.fulfill({ status: 401, json: { detail: 'Bearer' } }))
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'late.mp4', mimeType: 'video/mp4', buffer: Buffer.from('x') })
    const row = page.locator('.uploads li').filter({ hasText: 'Your login has ended' })
    await row.getByRole('button', { name: 'Try again' }).waitFor()
    expect(await row.textContent()).not.toContain('Bearer')
    await watched.close()
  })

  it('takes a file that is dropped on any page', async () => {
    const watched = await open('/system')
    const { page, said } = watched
    const files = await page.evaluateHandle(`(() => {
      const files = new DataTransfer()
      files.items.add(new File(['dropped'], 'dropped.mp4', { type: 'video/mp4' }))
      return files
    })()`)
    await page.dispatchEvent('body', 'dragenter', { dataTransfer: files })
    await page.locator('body.dragging').waitFor()
    await page.dispatchEvent('body', 'drop', { dataTransfer: files })
    await page
      .locator('.uploads li')
      .filter({ hasText: 'dropped.mp4' })
      .filter({ hasText: 'given up' })
      .waitFor()
    expect(new URL(page.url()).pathname).toBe('/upload')
    expect(said).toEqual([])
    await watched.close()
  })

  it('has no page that axe, a telephone or the console of the browser complains of, in light and dark', async () => {
    const watched = await open('/')
    const base = used.stack.apiUrl
    const paths = [
      ...(await crawl(watched.page, base)),
      `/objects/incoming?key=${encodeURIComponent(FILM)}`,
      '/find?q=film',
      '/find?q=clip.mp4',
      '/find?q=nothing',
    ]
    await watched.close()
    expect(paths.length).toBeGreaterThan(8)
    const found = await Promise.all(LOOKS.map((look) => judgePages(browser, look, { base, paths })))
    expect(found.flat()).toEqual([])
  })

  it('can be read and used without script: a filter, a dry run and a change', async () => {
    const watched = await open('/runs', { javaScriptEnabled: false })
    const { page, said } = watched
    await page.locator('input[value=dead]').check({ force: true })
    await page.getByRole('button', { name: 'Show' }).click()
    await status(page, 'broken film.mp4', 'Given up')
    await page.getByRole('link', { name: /^Dead letters/ }).click()
    await page.getByRole('button', { name: 'Run again …' }).first().click()
    await page.locator('.preview .primary').click()
    await page.locator('main .notice[role=status]').waitFor()
    expect(said).toEqual([])
    await watched.close()
  })

  it('says that Redis or MinIO is away, and is true again by itself when it is back', async () => {
    const overview = await open('/')
    const object = await open(`/objects/incoming?key=${encodeURIComponent(FILM)}`)
    const { redis, minio } = used.stack
    redis.kill('SIGKILL')
    await overview.page.getByText('Redis does not answer.').waitFor()
    await redis.start()
    await overview.page.locator('#lost').waitFor({ state: 'hidden' })
    minio.kill('SIGKILL')
    await object.page.getByText('MinIO does not answer.').waitFor()
    await minio.start()
    await object.page.locator('#lost').waitFor({ state: 'hidden' })
    expect(await object.page.title()).toBe(`${FILM} · Sluice`)
    await Promise.all([overview.close(), object.close()])
  })
})
