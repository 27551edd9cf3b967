/** What is wrong with a page for people: axe's findings, sideways scrolling, and what its console said. @module */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { openPage } from './browser.ts'

const AXE_TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
export const WIDTHS = { desk: 1280, phone: 390 } as const

interface AxeResults {
  readonly violations: readonly {
    readonly id: string
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
  }[]
}

/** Finds nothing on a page that is well. The page must let its policy be passed by (`bypassCSP`). */
export async function faultsOf(page: Page): Promise<string[]> {
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  await page.evaluate(axe)
  const options = JSON.stringify({ runOnly: AXE_TAGS, resultTypes: ['violations'] })
  const { violations } = await page.evaluate<AxeResults>(`axe.run(document, ${options})`)
  const [wide, whole] = await page.evaluate<readonly [number, number]>(
    '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
  )
  const found = violations.flatMap(({ id, nodes }) =>
    nodes.map(
      ({ html, failureSummary = '' }) =>
        `${id}: ${html.slice(0, 200)}: ${failureSummary.split('\n')[1] ?? ''}`,
    ),
  )
  if (wide > whole) found.push(`it is ${wide} px wide in a window of ${whole}`)
  return found
}

/** A folder for pictures of every page, for people. */
const PICTURES = process.env['CONSOLE_PICTURES']

function pictureOf(path: string, { theme, width }: Looked) {
  const name = path.replaceAll(/[^a-z]+/g, '-').slice(0, 24)
  return { path: join(PICTURES ?? '', `${name}-${theme}-${width}.png`), fullPage: width === 'phone' }
}

export interface Looked {
  readonly theme: 'light' | 'dark'
  readonly width: keyof typeof WIDTHS
}

/** Every theme on every width. */
export const LOOKS: readonly Looked[] = (['light', 'dark'] as const).flatMap((theme) =>
  (['desk', 'phone'] as const).map((width) => ({ theme, width })),
)

/** Everything that is wrong with these pages, each named by its address. `cookie` is a session, as `name=value`. */
export async function judgePages(
  browser: Browser,
  { theme, width }: Looked,
  {
    base,
    paths,
    cookie,
  }: { readonly base: string; readonly paths: readonly string[]; readonly cookie?: string },
): Promise<string[]> {
  const viewport = { width: WIDTHS[width], height: 844 }
  const watched = await openPage(browser, { bypassCSP: true, colorScheme: theme, viewport })
  const { page, said } = watched
  try {
    if (cookie !== undefined) {
      const [name = '', value = ''] = cookie.split('=')
      await page.context().addCookies([{ name, value, url: base }])
    }
    const found: string[] = []
    for (const path of paths) {
      await page.goto(base + path)
      if (PICTURES !== undefined) await page.screenshot(pictureOf(path, { theme, width }))
      const faults = [...(await faultsOf(page)), ...said.splice(0)]
      found.push(...faults.map((fault) => `${path} in ${theme} at the ${width}: ${fault}`))
    }
    return found
  } finally {
    await watched.close()
  }
}

/** Pages that can be reached by links from a page, one of each kind: ids and keys are left out of a kind. */
export async function crawl(page: Page, base: string, most = 40): Promise<string[]> {
  const kinds = new Map<string, string>()
  const waiting = ['/']
  for (let path = waiting.shift(); path !== undefined && kinds.size < most; path = waiting.shift()) {
    const kind = kindOf(path)
    if (kinds.has(kind)) continue
    const answer = await page.goto(base + path)
    if (!(answer?.headers()['content-type'] ?? '').startsWith('text/html')) continue
    kinds.set(kind, path)
    const links = await page.evaluate<readonly string[]>(
      "[...document.querySelectorAll('a[href]:not([download])')].map((each) => each.href)",
    )
    for (const link of links) {
      const { origin, pathname, search } = new URL(link)
      if (origin === new URL(base).origin && !/^\/(?:v1|assets|metrics|openapi\.json)\b/.test(pathname))
        waiting.push(pathname + search)
    }
  }
  return [...kinds.values()]
}

function kindOf(path: string): string {
  const { pathname, searchParams } = new URL(path, 'http://x')
  const place = pathname
    .replaceAll(/[0-9a-f]{32}|[0-9A-Z]{26}/g, '*')
    .replace(/(\/(?:objects|streams)\/).*/, '$1*')
  return `${place}?${[...new Set(searchParams.keys())].sort().join('&')}`
}
