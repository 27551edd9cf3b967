/** What every page has around its content. @module */
import { raw } from 'hono/html'
import type { Child } from 'hono/jsx'
import { printable } from '../../printable.ts'
import { assetHref } from '../assets.ts'
import { mayUpload, type Theme, type Viewer } from '../viewer.ts'
import { countText } from '../words.ts'

/** With the letter that leads there, after `g`. */
const PAGES = [
  ['/', 'Overview', 'o'],
  ['/runs', 'Runs', 'r'],
  ['/dead-letters', 'Dead letters', 'd'],
  ['/streams', 'Streams', 't'],
  ['/upload', 'Upload', 'u'],
  ['/system', 'System', 's'],
] as const

export interface PageProps {
  readonly viewer: Viewer
  readonly title: string
  /**
   * The subject of the page, as `GET /v1/live?about=` has it: `all`, `function:<name>`, `run:<id>` or `object:<bucket>/<key>`.
   * The page then refreshes itself. Undefined for pages that stay as they are.
   */
  readonly live?: string | undefined
  /** Whether it is shown only until the page can be: the script then asks for that by itself. */
  readonly isPassing?: boolean | undefined
  /** More modules of the folder assets, such as `player.js`. */
  readonly scripts?: readonly string[]
  /** Dead letters of all functions; undefined where they could not be counted. */
  readonly deadCount?: number | undefined
  readonly children?: Child
}

/** The part of a page that is exchanged when something has changed. */
export function Main({ viewer, title, live, isPassing = false, deadCount, children }: PageProps) {
  return (
    <main
      id="main"
      tabindex={-1}
      data-live={live}
      data-title={titleOf(title)}
      data-retry={isPassing ? '' : undefined}
      data-dead={deadCount === undefined ? undefined : countText(deadCount)}
    >
      {viewer.notice && (
        <p class={viewer.notice.isBad ? 'notice bad' : 'notice'} role="status">
          {printable(viewer.notice.text)}
        </p>
      )}
      {children}
    </main>
  )
}

export function Page(props: PageProps) {
  const { viewer } = props
  const { base } = viewer
  return (
    <Document
      title={props.title}
      base={base}
      theme={viewer.theme}
      scripts={props.scripts}
      isPassing={props.isPassing}
    >
      <body data-events={`${base}/v1/live`} data-upload={mayUpload(viewer) ? `${base}/upload` : undefined}>
        <a class="skip" href="#main">
          Skip to content
        </a>
        <Top viewer={viewer} deadCount={props.deadCount} />
        <p id="lost" role="status" data-login={`${base}/login`} hidden></p>
        <Main {...props} />
        <div id="toast" role="status" aria-live="polite"></div>
        <Keys />
      </body>
    </Document>
  )
}

/** A page without the bar: the login. */
export function Alone({ title, base, theme, children }: DocumentProps) {
  return (
    <Document title={title} base={base} theme={theme}>
      <body class="alone">
        <main id="main">{children}</main>
      </body>
    </Document>
  )
}

interface DocumentProps {
  readonly title: string
  readonly base: string
  readonly theme: Theme
  readonly scripts?: readonly string[] | undefined
  readonly isPassing?: boolean | undefined
  readonly children?: Child
}

function titleOf(title: string): string {
  return title === 'Overview' ? 'Sluice' : `${printable(title)} · Sluice`
}

function Document({ title, base, theme, scripts = [], isPassing, children }: DocumentProps) {
  return (
    <>
      {raw('<!doctype html>')}
      <html lang="en" data-theme={theme}>
        <head>
          <meta charset="utf-8" />
          <title>{titleOf(title)}</title>
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          {isPassing && (
            <noscript>
              <meta http-equiv="refresh" content="5" />
            </noscript>
          )}
          <link rel="icon" href={assetHref(base, 'icon.svg')} type="image/svg+xml" />
          <link rel="stylesheet" href={assetHref(base, 'console.css')} />
          {['console.js', 'on-demand.js', ...scripts].map((name) => (
            <script type="module" src={assetHref(base, name)}></script>
          ))}
        </head>
        {children}
      </html>
    </>
  )
}

export function Brand() {
  return (
    <>
      <svg viewBox="0 0 20 20" aria-hidden="true">
        <path d="M2 5h16M2 10h7m5 0h4M2 15h16" />
      </svg>
      Sluice
    </>
  )
}

function Top({ viewer, deadCount = 0 }: Pick<PageProps, 'viewer' | 'deadCount'>) {
  const { base, path } = viewer
  const isHere = (to: string) => (to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`))
  return (
    <header class="top">
      <a class="brand" href={`${base}/`}>
        <Brand />
      </a>
      <nav aria-label="Pages">
        {PAGES.filter(([to]) => to !== '/upload' || mayUpload(viewer)).map(([to, name, key]) => (
          <a href={`${base}${to}`} data-key={key} aria-current={isHere(to) ? 'page' : undefined}>
            {name}
            {to === '/dead-letters' && (
              <span class="badge" hidden={deadCount === 0}>
                {countText(deadCount)}
              </span>
            )}
          </a>
        ))}
      </nav>
      <form class="find" action={`${base}/find`} role="search">
        <input
          type="search"
          name="q"
          placeholder="Find a file or run"
          aria-label="Find a file or run"
          autocomplete="off"
          spellcheck={false}
        />
        <kbd aria-hidden="true">/</kbd>
      </form>
      <div class="tools">
        <button
          class="live"
          type="button"
          title="Refreshes by itself. Press to hold the page still"
          aria-pressed="true"
          data-live-switch
          hidden
        >
          <i aria-hidden="true"></i>
          <span>Live</span>
        </button>
        <form method="post" action={`${base}/theme`} data-theme-form>
          <button class="icon" title="Light, dark, or as the system" aria-label="Change colours">
            <svg viewBox="0 0 20 20" aria-hidden="true">
              <circle cx="10" cy="10" r="6.5" />
              <path class="half" d="M10 3.5a6.5 6.5 0 0 1 0 13z" />
            </svg>
          </button>
        </form>
        {viewer.hasLogin && (
          <form method="post" action={`${base}/logout`}>
            <button class="icon text" title={`Logged in as ${viewer.role}`}>
              Log out
            </button>
          </form>
        )}
      </div>
    </header>
  )
}

/** Opened by the key `?`. */
function Keys() {
  return (
    <dialog id="keys" aria-labelledby="keys-title">
      <h2 id="keys-title">Keys</h2>
      <dl class="keys">
        <Key keys={['/']}>find a file or a run</Key>
        {PAGES.map(([, name, key]) => (
          <Key keys={['g', key]}>{name}</Key>
        ))}
        <Key keys={['Shift', 'click']}>choose all rows in between</Key>
        <Key keys={['Esc']}>close a dialog</Key>
        <Key keys={['?']}>this list</Key>
      </dl>
      <form method="dialog">
        <button class="button">Close</button>
      </form>
    </dialog>
  )
}

function Key({ keys, children }: { readonly keys: readonly string[]; readonly children?: Child }) {
  return (
    <div>
      <dt>
        {keys.map((key) => (
          <kbd>{key}</kbd>
        ))}
      </dt>
      <dd>{children}</dd>
    </div>
  )
}
