/** Players of the console's pages, in a real Chromium, with media of a real FFmpeg. */
import { execFile } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { findBinaries } from '../../functions/ffmpeg/build/binaries.ts'
import type { Output } from '../../runtime/api/results/outputs.ts'
import { contentTypeOf } from '../../runtime/content-types.ts'
import { clipFolder } from '../helpers/clips.ts'
import { chromiumPath, openPage, startBrowser, type WatchedPage } from '../helpers/console/browser.ts'
import { serveConsole, type ServedConsole } from '../helpers/console/served.ts'
import { FUNCTION, RUN } from '../unit/api/examples.ts'

const NOW = '2026-01-02T03:04:05.678Z'
const SECONDS = 2
const PATIENCE = { timeout: 30_000 }
const outputOf = (name: string, more: Partial<Output>): Output => ({
  bucket: 'processed',
  key: `a.mp4/cut/~1/${name}`,
  role: 'chunk',
  contentType: 'video/mp4',
  bytes: 1,
  sha256: 'a'.repeat(64),
  href: `/v1/files/processed/a.mp4/cut/~1/${name}`,
  ...more,
})
const chunk = (index: number) =>
  outputOf(`${index}.mp4`, { index, startSeconds: index * SECONDS, durationSeconds: SECONDS })
const CAM = {
  name: 'cam1',
  state: 'live' as const,
  session: '20261129T221841Z-ba02e7',
  startedAt: NOW,
  isStopping: false,
  isReceiverSilent: false,
  lastTakes: [],
  history: [],
}
const ANSWERS = {
  runs: {
    get: () => Promise.resolve({ ...RUN, status: 'succeeded' as const, outputs: [chunk(0), chunk(1)] }),
  },
  functions: { get: () => Promise.resolve(FUNCTION) },
  streams: { get: () => Promise.resolve(CAM), keys: () => Promise.resolve([]) },
  overview: { deadCount: () => Promise.resolve(0) },
}

describe.skipIf(chromiumPath === undefined)('a page of the console', () => {
  let browser: Browser
  let folder: string
  let served: ServedConsole
  let watched: WatchedPage

  beforeAll(async () => {
    browser = await startBrowser()
    folder = await clipFolder()
    const { ffmpegPath } = await findBinaries({})
    const picture = ['-f', 'lavfi', '-i', `testsrc2=size=160x90:rate=25:duration=${2 * SECONDS}`]
    const coding = [
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-g',
      String(25 * SECONDS),
      '-pix_fmt',
      'yuv420p',
    ]
    const make = (...args: readonly string[]) =>
      promisify(execFile)(ffmpegPath, ['-v', 'error', ...picture, ...coding, ...args])
    await make('-f', 'segment', '-segment_time', String(SECONDS), join(folder, '%d.mp4'))
    await make('-f', 'hls', '-hls_time', String(SECONDS), '-hls_list_size', '0', join(folder, 'live.m3u8'))
  })
  afterAll(async () => {
    await browser.close()
    await rm(folder, { recursive: true, force: true })
  })
  afterEach(async () => {
    await watched.close()
    await served.stop()
  })

  async function open(path: string) {
    served = await serveConsole(ANSWERS, {}, async (address) => {
      const name = basename(address)
      const bytes = await readFile(join(folder, name)).catch(() => undefined)
      return bytes && { bytes, type: contentTypeOf(name) }
    })
    watched = await openPage(browser)
    await watched.page.goto(served.url + path)
    return watched.page
  }

  it('plays chunks one after another as one film, and says which one', async () => {
    const page = await open(`/runs/${RUN.id}`)
    await page.click('.player.scripted .play')
    await expect.poll(() => page.textContent('.which b'), PATIENCE).toBe('2')
    // The end of the second is the end of the film.
    await expect.poll(() => page.getAttribute('.play', 'aria-label'), PATIENCE).toBe('Play')
    expect(watched.said).toEqual([])
  })

  it('takes a position of a film from its strip, by keys too', async () => {
    const page = await open(`/runs/${RUN.id}`)
    const strip = page.locator('.player.scripted .strip')
    await strip.click({ position: { x: 60, y: 8 } })
    await strip.press('End')
    await expect.poll(() => page.textContent('.which b'), PATIENCE).toBe('2')
    await strip.press('Home')
    await expect.poll(() => page.textContent('.which b'), PATIENCE).toBe('1')
    expect(await strip.getAttribute('aria-valuetext')).toBe('0:00 of 0:04')
    expect(watched.said).toEqual([])
  })

  it('plays the playlist of a stream, without a word of the policy that pages have', async () => {
    const page = await open('/streams/cam1')
    await page.waitForSelector('[data-hls].scripted')
    await page.evaluate(`document.querySelector('video').play()`)
    await expect
      .poll(() => page.evaluate<number>(`document.querySelector('video').currentTime`), PATIENCE)
      .toBeGreaterThan(1)
    expect(await page.evaluate(`document.querySelector('video').videoWidth`)).toBe(160)
    expect(watched.said).toEqual([])
  })
})
