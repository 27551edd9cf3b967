/** What every page has around its content. @module */
import { raw } from 'hono/html'
import type { Child } from 'hono/jsx'
import { printable } from '../../printable.ts'
import type { Theme, Viewer } from '../viewer.ts'

const PAGES = [
  ['/', 'Overview'],
  ['/runs', 'Runs'],
] as const

export interface PageProps {
  readonly viewer: Viewer
  readonly title: string
  readonly children?: Child
}

/** The part of a page that is exchanged when something has changed. */
export function Main({ viewer, children }: Pick<PageProps, 'viewer' | 'children'>) {
  return (
    <main id="main" tabindex={-1}>
      {viewer.notice && (
        <p class={viewer.notice.isBad ? 'notice bad' : 'notice'} role="status">
          {viewer.notice.text}
        </p>
      )}
      {children}
    </main>
  )
}

export function Page({ viewer, title, children }: PageProps) {
  return (
    <Document title={title} base={viewer.base} theme={viewer.theme}>
      <body>
        <a class="skip" href="#main">
          Skip to content
        </a>
        <Top viewer={viewer} />
        <Main viewer={viewer}>{children}</Main>
        <div id="toast" role="status" aria-live="polite"></div>
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
  readonly children?: Child
}

function Document({ title, base, theme, children }: DocumentProps) {
  return (
    <>
      {raw('<!doctype html>')}
      <html lang="en" data-theme={theme}>
        <head>
          <meta charset="utf-8" />
          <title>{title === 'Overview' ? 'Sluice' : `${printable(title)} · Sluice`}</title>
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <link rel="icon" href={`${base}/assets/icon.svg`} type="image/svg+xml" />
          <link rel="stylesheet" href={`${base}/assets/console.css`} />
          <script type="module" src={`${base}/assets/console.js`}></script>
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

function Top({ viewer }: { readonly viewer: Viewer }) {
  const { base, path } = viewer
  const isHere = (to: string) => (to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`))
  return (
    <header class="top">
      <a class="brand" href={`${base}/`}>
        <Brand />
      </a>
      <nav aria-label="Pages">
        {PAGES.map(([to, name]) => (
          <a href={`${base}${to}`} aria-current={isHere(to) ? 'page' : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <div class="tools">
        <form method="post" action={`${base}/theme`}>
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
