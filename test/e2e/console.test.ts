/** The console on the whole stack, in a real Chromium: what a person does with it, how it looks, and what it does without a server. */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumPath, openPage, startBrowser, type WatchedPage } from '../helpers/console/browser.ts'
import { crawl, judgePages, LOOKS } from '../helpers/console/judged.ts'
import { CLIPS, clipFolder, makeMedia } from '../helpers/clips.ts'
import { useStack } from '../helpers/runs.ts'

const FILM = 'film day/ü/clip.mp4'
const BROKEN = 'film day/broken film.mp4'
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
  const put = async (key: string, bytes: Buffer, metadata: Readonly<Record<string, string>> = {}) => {
    await used.stack.storage.put('incoming', key, { bytes }, { contentType: 'video/mp4', metadata })
  }
  const film = async () => readFile(await makeMedia(join(folder, 'clip.mp4'), CLIPS['faststart.mp4']))
  const status = (page: Page, key: string, text: string) =>
    page.getByRole('row').filter({ hasText: key }).filter({ hasText: text }).first().waitFor()

  it('shows each file on its way, why one failed, and runs it again, without one complaint of the browser', async () => {
    const watched = await open('/runs')
    const { page, said } = watched
    const bytes = await film()
    await put(FILM, bytes, { seconds: '2' })
    await put(BROKEN, Buffer.from('this is text'))
    await put(HOSTILE, bytes)
    // Without a reload.
    await status(page, 'clip.mp4', 'Done')
    await status(page, 'broken film.mp4', 'Given up')
    await status(page, HOSTILE, 'Done')
    await page.getByRole('link', { name: BROKEN }).first().click()
    await page.getByRole('heading', { name: BROKEN }).waitFor()
    await page.locator('.verdict').first().waitFor()
    await page.getByRole('link', { name: /^Dead letters/ }).click()
    await page.getByRole('button', { name: 'Run again …' }).first().click()
    await page.getByRole('dialog').locator('.primary').click()
    await page.locator('#toast p').waitFor()
    expect(await page.locator('dialog[open]').count()).toBe(0)
    expect(said).toEqual([])
    await watched.close()
  })

  it('has no page that axe, a telephone or the console of the browser complains of, in light and dark', async () => {
    const watched = await open('/')
    const base = used.stack.apiUrl
    const paths = await crawl(watched.page, base)
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
