/** A real Chromium, and pages that remember everything that it complains of. @module */
import { chromium as engine, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { chromium } from '../streams/programs.ts'

/** The path of Chromium; undefined where it cannot be had. */
export const chromiumPath = await chromium()

export function startBrowser(): Promise<Browser> {
  return engine.launch({
    executablePath: chromiumPath ?? '',
    args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'],
  })
}

export interface WatchedPage {
  readonly page: Page
  /** Messages of the page's console, errors of its scripts and what its policy forbade. A page that is well has none. */
  readonly said: string[]
  close(): Promise<void>
}

/** A page in a context of its own: cookies of one are not those of another. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options })
  const page = await context.newPage()
  const said: string[] = []
  page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => said.push(`error: ${error.message}`))
  return { page, said, close: () => context.close() }
}
