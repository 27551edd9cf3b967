/** Pages outside of the others: the login, and errors. @module */
import { printable } from '../../printable.ts'
import { Alone, Brand, Page } from '../parts/layout.tsx'
import type { Theme, Viewer } from '../viewer.ts'

export function LoginPage(props: {
  readonly base: string
  readonly theme: Theme
  /** The page to go to, without the base. */
  readonly next?: string | undefined
  /** Why the last one did not succeed. */
  readonly failure?: string | undefined
}) {
  const { base, theme, next, failure } = props
  return (
    <Alone title="Log in" base={base} theme={theme}>
      <form class="login" method="post" action={`${base}/login`}>
        <h1 class="brand">
          <Brand />
        </h1>
        {next !== undefined && <input type="hidden" name="next" value={next} />}
        {/* For password managers, which keep a password of a name. */}
        <input type="text" name="username" value="token" autocomplete="username" hidden />
        <label>
          Token
          <input type="password" name="token" autocomplete="current-password" required autofocus />
        </label>
        {failure !== undefined && (
          <p class="bad" role="alert">
            {failure}
          </p>
        )}
        <button class="button primary">Log in</button>
        <p class="quiet">
          One of <code>SLUICE_TOKEN_READER</code>, <code>_OPERATOR</code>, <code>_ADMIN</code>; with Docker
          they are in the folder <code>secrets</code>.
        </p>
      </form>
    </Alone>
  )
}

/** For what is not there, and for what cannot be shown now. */
export function ErrorPage(props: {
  readonly text: string
  readonly viewer: Viewer
  /** Whether the page asks again by itself, since a server is away. */
  readonly isPassing?: boolean
}) {
  const { text, viewer } = props
  return (
    <Page viewer={viewer} title={text} isPassing={props.isPassing}>
      <div class="lost">
        <h1>{printable(text)}</h1>
        <p>
          <a href={`${viewer.base}/`}>Overview</a>
        </p>
      </div>
    </Page>
  )
}
