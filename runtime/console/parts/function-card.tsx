/** One function's part in the history of an object, as a card: its standing, the reason in a sentence, and what to do. @module */
import type { FunctionOfObject } from '../../api/objects/model.ts'
import { UPLOAD_AGAIN } from '../../api/objects/next.ts'
import { printable } from '../../printable.ts'
import { runHref } from '../links.ts'
import type { Aids } from '../outputs/kinds.ts'
import { Outputs } from '../outputs/outputs.tsx'
import { mayOperate, mayUpload, type Viewer } from '../viewer.ts'
import { Act, LastLines, RunProgress, Status } from './parts.tsx'

interface CardProps {
  readonly each: FunctionOfObject
  /** Where a form runs the object again. */
  readonly runAgainHref: string
  /** The form for other options. */
  readonly optionsHref: string
  /** The form for uploading the object again. */
  readonly uploadHref: string
  /** Whether the object exists now: only then can it be run. */
  readonly isThere: boolean
  readonly lines: readonly string[]
  /** Made by all functions of the object. */
  readonly aids: Aids
  readonly viewer: Viewer
}

export function FunctionCard(props: CardProps) {
  const { each, lines, viewer, aids } = props
  const { name, run, result } = each
  const state = stateOf(each)
  const tone =
    state === 'dead' || state === 'cancelled' ? 'verdict' : state === 'retrying' ? 'verdict soft' : 'why'
  return (
    <article class="card" id={`function-${name}`} aria-labelledby={`name-${name}`}>
      <header>
        <h2 id={`name-${name}`}>{name}</h2>
        {state !== undefined && <Status state={state} />}
        {run && <RunProgress run={run} />}
        <span class="fill"></span>
        {run && (
          <a class="more" href={runHref(viewer.base, run.id)} aria-label={`Attempts of ${name}`}>
            Attempts
          </a>
        )}
        {mayOperate(viewer) && <Deeds {...props} />}
      </header>
      <p class={tone}>{sentenceOf(each.told)}</p>
      <Steps {...props} />
      {result?.warnings.map((warning) => (
        <p class="notice">{printable(warning)}</p>
      ))}
      <LastLines lines={lines} id={`lines-${name}`} />
      {result && (
        <Outputs
          name={name}
          outputs={result.outputs}
          count={result.files}
          base={viewer.base}
          aids={aids}
          isInCard
        />
      )}
    </article>
  )
}

const OPEN: readonly (string | undefined)[] = ['queued', 'running', 'retrying']

function Deeds({ each, runAgainHref, optionsHref, isThere, viewer }: CardProps) {
  const { name } = each
  const state = stateOf(each)
  const isOpen = OPEN.includes(state)
  // Where the same run would end in the same way it is possible, and not advised.
  const isAdvised = each.next.some(({ action }) => /\/(?:retry|reprocess)$/.test(action?.path ?? ''))
  return (
    <>
      {each.isPaused && (
        <Act
          to={`${viewer.base}/functions/${encodeURIComponent(name)}/resume`}
          label={`Resume ${name}`}
          kind={isOpen ? 'primary' : undefined}
        />
      )}
      {isOpen && each.run && (
        <Act
          to={`${viewer.base}/runs/${each.run.id}/cancel`}
          label="Cancel"
          title={`Cancel: ${name}`}
          kind="danger"
        />
      )}
      {isThere && !isOpen && (
        <>
          <a class="more" href={optionsHref} aria-label={`Other options: ${name}`}>
            Other options
          </a>
          <Act
            to={runAgainHref}
            label={state === undefined ? 'Run it' : 'Run again'}
            title={state === undefined ? `Run it: ${name}` : `Run again: ${name}`}
            kind={isAdvised ? 'primary' : undefined}
            fields={{ function: name }}
          />
        </>
      )}
    </>
  )
}

function stateOf({ run, result, verdict }: FunctionOfObject): string | undefined {
  return run?.status ?? (result === undefined ? verdict?.state : 'succeeded')
}

/** What a person may do beside the buttons: those of a terminal, and for readers all. */
function Steps({ each: { name, next }, uploadHref, viewer }: CardProps) {
  const steps = next.filter(({ action }) => !(action && mayOperate(viewer)))
  const isSweep = next.some(({ action }) => action?.path === '/v1/sweep')
  const plain = steps.filter(({ command }) => command === undefined)
  const typed = steps.filter(({ command }) => command !== undefined)
  if (steps.length === 0 && !isSweep) return null
  return (
    <ul class="steps">
      {isSweep && mayOperate(viewer) && (
        <li>
          <Act to={`${viewer.base}/sweep`} label="Sweep now" />
        </li>
      )}
      {plain.map(({ text }) => (
        <li>
          {text === UPLOAD_AGAIN.text && mayUpload(viewer) ? (
            <a href={uploadHref} aria-label={`${text}: ${name}`}>
              {sentenceOf(text)}
            </a>
          ) : (
            sentenceOf(text)
          )}
        </li>
      ))}
      {typed.length > 0 && (
        <li>
          <details id={`typed-${name}`}>
            <summary>In a terminal</summary>
            {typed.map(({ text, command = '' }) => (
              <p>
                {printable(text)}: <code>{printable(command)}</code>
              </p>
            ))}
          </details>
        </li>
      )}
    </ul>
  )
}

/** Explanations are written to follow a name and a colon. */
export function sentenceOf(explanation: string): string {
  const text = printable(explanation)
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`
}
