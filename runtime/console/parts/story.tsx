/** The history of an object: its events and runs in one list, as a person would tell it. @module */
import type { Child } from 'hono/jsx'
import type { ObjectEventView, ObjectView } from '../../api/objects/model.ts'
import type { Run } from '../../api/runs/model.ts'
import { printable } from '../../printable.ts'
import { runHref } from '../links.ts'
import { firstLine, spanText, stateText } from '../words.ts'
import { durationText } from './parts.tsx'

interface Moment {
  readonly at: string
  /** Of a run, or `event`. */
  readonly state: string
  readonly text: Child
}

export function Story({ view, base }: { readonly view: ObjectView; readonly base: string }) {
  const moments = [...view.events.map(momentOfEvent), ...view.runs.flatMap((run) => momentsOfRun(run, base))]
  if (moments.length === 0) return <p class="empty">Nothing is known of it.</p>
  return (
    <ol class="story">
      {moments
        .toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at))
        .map(({ at, state, text }) => (
          <li class={`s-${state}`}>
            <time datetime={at} title={at} data-clock>
              {at.slice(11, 19)}
            </time>
            <i aria-hidden="true"></i>
            <span>{text}</span>
          </li>
        ))}
    </ol>
  )
}

function momentOfEvent(event: ObjectEventView): Moment {
  return {
    at: event.at,
    state: 'event',
    text: (
      <>
        <b>{event.kind === 'removed' ? 'Removed' : 'Uploaded'}</b>{' '}
        <span class="quiet">({printable(event.name)})</span>
        {arrivalText(event)}
      </>
    ),
  }
}

function arrivalText({ arrivals: [first, second] }: ObjectEventView): string {
  if (first === undefined) return ''
  const delay = spanText(first.delayMs)
  if (first.path === 'sweep') return `, never announced: the sweep found it ${delay} later`
  const again = second === undefined ? '' : `, and a second time after ${spanText(second.delayMs)}`
  return `, announced after ${delay}${again}`
}

function momentsOfRun(run: Run, base: string): readonly Moment[] {
  const link = (text: string) => (
    <a href={runHref(base, run.id)}>
      <b>{text}</b>
    </a>
  )
  const asked = run.trigger === 'upload' ? '' : ` on request (${run.trigger})`
  const moments: Moment[] = []
  if (run.startedAt === undefined) {
    moments.push({
      at: run.queuedAt ?? run.createdAt,
      state: 'queued',
      text: (
        <>
          {link(`${run.function} waits`)}
          {asked}
        </>
      ),
    })
  } else {
    const waitedMs = Math.max(0, Date.parse(run.startedAt) - Date.parse(run.queuedAt ?? run.createdAt))
    moments.push({
      at: run.startedAt,
      state: 'running',
      text: (
        <>
          {link(`${run.function} started`)}
          {asked}, after waiting {spanText(waitedMs)}
        </>
      ),
    })
  }
  if (run.endedAt !== undefined) {
    const took = durationText(run)
    const error = run.error === undefined ? '' : `: ${printable(firstLine(run.error))}`
    moments.push({
      at: run.endedAt,
      state: run.status,
      text: (
        <>
          {link(`${run.function}: ${stateText(run.status).toLowerCase()}`)}
          {took === '' ? '' : ` after ${took}`}
          {error}
        </>
      ),
    })
  } else if (run.nextAttemptAt !== undefined) {
    moments.push({
      at: run.nextAttemptAt,
      state: 'retrying',
      text: (
        <>
          {link(`${run.function} tries again`)}: {printable(firstLine(run.error ?? ''))}
        </>
      ),
    })
  }
  return moments
}
