/** The pieces that pages are made of. @module */
import type { Child } from 'hono/jsx'
import type { Run } from '../../api/runs/model.ts'
import { formatBytes } from '../../amounts.ts'
import { printable } from '../../printable.ts'
import { objectHref } from '../links.ts'
import { agoText, clockText, firstLine, spanText, stateText } from '../words.ts'

export function Status({ state }: { readonly state: string }) {
  return (
    <span class={`status s-${state}`}>
      <i aria-hidden="true"></i>
      {stateText(state)}
    </span>
  )
}

/** An age, with the time itself as its title. */
export function Time({ at }: { readonly at: string }) {
  return (
    <time datetime={at} title={at}>
      {agoText(at)}
    </time>
  )
}

/** Letters of a long key that stay in sight: keys differ at their ends. */
const TAIL_LENGTH = 16

/** A key as a link to its object. Its direction stays within it. */
export function ObjectLink(props: { readonly base: string; readonly bucket: string; readonly name: string }) {
  const text = printable(props.name)
  const cut = Math.max(0, text.length - TAIL_LENGTH)
  return (
    <a
      class="key"
      href={objectHref(props.base, props.bucket, props.name)}
      title={`${props.bucket}/${text}`}
      aria-label={text}
    >
      <bdi class="key-head">{text.slice(0, cut)}</bdi>
      <bdi class="key-tail">{text.slice(cut)}</bdi>
    </a>
  )
}

export function RunProgress({ run }: { readonly run: Pick<Run, 'status' | 'progress'> }) {
  if (run.status !== 'running') return null
  const { percent, secondsLeft, mediaSeconds } = run.progress ?? {}
  const left =
    secondsLeft !== undefined
      ? `${spanText(secondsLeft * 1_000)} left`
      : mediaSeconds !== undefined
        ? `at ${clockText(mediaSeconds)}`
        : 'started'
  if (percent === undefined) {
    return (
      <span class="progress">
        <progress aria-label="progress"></progress>
        <small>{left}</small>
      </span>
    )
  }
  const done = Math.round(percent)
  return (
    <span class="progress">
      <progress max="100" value={done} aria-label="progress">
        {done} %
      </progress>
      <small>
        <b>{done} %</b> {left}
      </small>
    </span>
  )
}

/** How long its last attempt took, or has gone on; empty before the first. */
export function durationText(run: Pick<Run, 'startedAt' | 'endedAt' | 'status'>, nowMs = Date.now()): string {
  if (run.startedAt === undefined) return ''
  const endMs = run.endedAt !== undefined ? Date.parse(run.endedAt) : nowMs
  if (run.endedAt === undefined && run.status !== 'running') return ''
  return spanText(Math.max(0, endMs - Date.parse(run.startedAt)))
}

/** The one thing worth a line about a run in a list. */
export function Remark({ run }: { readonly run: Run }) {
  switch (run.status) {
    case 'running':
      return <RunProgress run={run} />
    case 'dead':
    case 'retrying':
      return (
        <span class="remark">
          {run.nextAttemptAt !== undefined && <NextAttempt at={run.nextAttemptAt} />}
          {printable(firstLine(run.error ?? run.reason ?? ''))}
        </span>
      )
    case 'succeeded':
      return <span class="quiet">{formatBytes(run.object.sizeBytes)}</span>
    case 'superseded':
      return <span class="quiet">a newer upload took its place</span>
    case 'queued':
    case 'cancelled':
    case 'source-gone':
      return null
  }
}

function NextAttempt({ at }: { readonly at: string }) {
  if (Date.parse(at) <= Date.now()) return <b>due now </b>
  return (
    <b>
      again <Time at={at} />{' '}
    </b>
  )
}

/** A change as a button: a form, so that it works without script. */
export function Act(props: {
  readonly to: string
  readonly label: Child
  readonly kind?: 'quiet' | 'danger' | 'primary' | undefined
  readonly fields?: Readonly<Record<string, string>> | undefined
  /** Says what the label leaves out, to who does not see the page. */
  readonly title?: string | undefined
}) {
  return (
    <form method="post" action={props.to} data-act>
      {Object.entries(props.fields ?? {}).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <button
        class={props.kind === undefined ? 'button' : `button ${props.kind}`}
        title={props.title}
        aria-label={props.title}
      >
        {props.label}
      </button>
    </form>
  )
}

/** What the tool of a function printed last. */
export function LastLines({ lines, id }: { readonly lines: readonly string[]; readonly id: string }) {
  if (lines.length === 0) return null
  return (
    <details class="lines" id={id} open>
      <summary>{lines.length === 1 ? 'Last line' : `Last ${lines.length} lines`} of its log</summary>
      <pre tabindex={0}>{lines.map(printable).join('\n')}</pre>
    </details>
  )
}

export function Fact({ name, children }: { readonly name: string; readonly children?: Child }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
