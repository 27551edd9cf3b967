/** Streams that are received, that are wanted, and those of the last week. @module */
import type { StreamView } from '../../api/streams/model.ts'
import { formatBytes } from '../../amounts.ts'
import { printable } from '../../printable.ts'
import { NAME_RULE } from '../../settings/streams.ts'
import { streamHref } from '../links.ts'
import { Act, Time } from '../parts/parts.tsx'
import { mayOperate, type Viewer } from '../viewer.ts'
import { spanText } from '../words.ts'

export function Streams({
  streams,
  viewer,
}: {
  readonly streams: readonly StreamView[]
  readonly viewer: Viewer
}) {
  return (
    <>
      <header class="head">
        <h1>Streams</h1>
      </header>
      {streams.length === 0 ? (
        <p class="empty">
          No stream in the last week. Send one with a stream key (docs/streams.md), or let one be pulled from
          an address.
        </p>
      ) : (
        <div class="scroll">
          <table class="streams">
            <caption class="hidden">Streams, live ones first</caption>
            <thead>
              <tr>
                <th scope="col">State</th>
                <th scope="col">Stream</th>
                <th scope="col" class="wide">
                  Remark
                </th>
                <th scope="col" class="num">
                  Received
                </th>
                <th scope="col" class="num">
                  Size
                </th>
                <th scope="col" class="num">
                  Since
                </th>
                <th scope="col" class="end">
                  <span class="hidden">Stop</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {streams.map((stream) => (
                <Row stream={stream} viewer={viewer} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {mayOperate(viewer) && <Pull base={viewer.base} />}
    </>
  )
}

function Row({ stream, viewer }: { readonly stream: StreamView; readonly viewer: Viewer }) {
  const { name, numbers, startedAt, wanted } = stream
  const since = startedAt ?? wanted?.since
  return (
    <tr id={`stream-${name}`}>
      <td class="state">
        <StreamState stream={stream} />
      </td>
      <td>
        <a class="name" href={streamHref(viewer.base, name)}>
          {name}
        </a>
      </td>
      <td class="wide">
        <StreamRemark stream={stream} />
      </td>
      <td class="num">{numbers && spanText(numbers.seconds * 1_000)}</td>
      <td class="num">{numbers && formatBytes(numbers.sizeBytes)}</td>
      <td class="num">{since !== undefined && <Time at={since} />}</td>
      <td class="end">
        {mayOperate(viewer) && stream.state !== 'ended' && <Stop stream={stream} base={viewer.base} />}
      </td>
    </tr>
  )
}

const STATES = { live: 'running', waiting: 'retrying', wanted: 'queued', ended: 'cancelled' } as const
const STATE_TEXTS = {
  live: 'Live',
  waiting: 'Waits for its sender',
  wanted: 'Wanted',
  ended: 'Ended',
} as const

export function StreamState({ stream: { state, isStopping } }: { readonly stream: StreamView }) {
  return (
    <span class={`status s-${STATES[state]}`}>
      <i aria-hidden="true"></i>
      {isStopping && state !== 'ended' ? 'Stopping' : STATE_TEXTS[state]}
    </span>
  )
}

/** The one thing worth a line. */
export function StreamRemark({ stream }: { readonly stream: StreamView }) {
  const { wanted, numbers, why, door, peer, isReceiverSilent } = stream
  const failure = wanted?.lastFailure
  if (failure)
    return (
      <span class="remark">
        {printable(failure.why)}: <Time at={failure.at} />
        {failure.failures > 1 && `, ${failure.failures} times in a row`}
      </span>
    )
  if (isReceiverSilent)
    return <span class="remark">Its receiver is silent: another one may take it over.</span>
  const lost = numbers && numbers.gapSeconds > 0 ? `, ${spanText(numbers.gapSeconds * 1_000)} missing` : ''
  if (why !== undefined) return <span class="quiet">{`${printable(why)}${lost}`}</span>
  const from = wanted?.url ?? peer
  return (
    <span class="quiet">
      {door !== undefined && `${door}, `}
      {from !== undefined && <bdi>{printable(from)}</bdi>}
      {lost}
    </span>
  )
}

export function Stop({ stream, base }: { readonly stream: StreamView; readonly base: string }) {
  return (
    <Act
      to={`${base}/streams/${stream.name}/stop`}
      kind="quiet"
      label={
        <>
          Stop<span class="hidden"> {stream.name}</span>
        </>
      }
    />
  )
}

function Pull({ base }: { readonly base: string }) {
  return (
    <section id="pull-form" aria-labelledby="pull" data-keep>
      <h2 id="pull">Pull a stream</h2>
      <form class="filter" method="post" action={`${base}/streams`} data-act>
        <label>
          <span class="hidden">Name</span>
          <input type="text" name="name" required placeholder="name" title={NAME_RULE} autocomplete="off" />
        </label>
        <label class="grow">
          <span class="hidden">Address</span>
          <input
            type="text"
            name="url"
            required
            maxlength={2_000}
            placeholder="rtsp://camera.example/live, or srt, rtmp, http, https"
            autocomplete="off"
            spellcheck={false}
          />
        </label>
        <button class="button">Pull</button>
      </form>
    </section>
  )
}
