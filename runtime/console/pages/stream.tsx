/** One stream: it plays while it runs, and its sessions play after it; its takes, its losses, its keys. @module */
import type { StreamDetail, StreamKeyView, StreamSessionView } from '../../api/streams/model.ts'
import { formatBytes } from '../../amounts.ts'
import { printable } from '../../printable.ts'
import { sessionPrefix } from '../../reception/names.ts'
import { streamHref } from '../links.ts'
import { NO_AIDS } from '../outputs/kinds.ts'
import { Playlist } from '../outputs/players.tsx'
import { Fact, Time } from '../parts/parts.tsx'
import { StreamKeys } from '../parts/stream-keys.tsx'
import { mayOperate, type Viewer } from '../viewer.ts'
import { spanText } from '../words.ts'
import { Stop, StreamRemark, StreamState } from './streams.tsx'

export interface StreamFacts {
  readonly stream: StreamDetail
  readonly keys: readonly StreamKeyView[]
  /** The session that plays; undefined for the current or last one. */
  readonly session?: string | undefined
  /** Of a key that was created just now. */
  readonly secret?: string | undefined
}

export function StreamPage({ facts, viewer }: { readonly facts: StreamFacts; readonly viewer: Viewer }) {
  const { stream, session } = facts
  const { base } = viewer
  const path = `${base}/v1/streams/${stream.name}`
  const src = session === undefined ? `${path}/live.m3u8` : `${path}/sessions/${session}/live.m3u8`
  const hasMedia = session !== undefined || stream.session !== undefined || stream.history.length > 0
  return (
    <>
      <header class="head">
        <div>
          <p class="over">Stream</p>
          <h1>{stream.name}</h1>
        </div>
        {mayOperate(viewer) && stream.state !== 'ended' && <Stop stream={stream} base={base} />}
      </header>
      <div class="standing">
        <StreamState stream={stream} />
        <StreamRemark stream={stream} />
      </div>
      <div class="made with-player">
        <div>
          {hasMedia ? (
            <Playlist
              src={src}
              base={base}
              aids={NO_AIDS}
              label={`${stream.name}${session === undefined ? '' : `, session ${session}`}`}
            />
          ) : (
            <p class="empty">Nothing was received yet.</p>
          )}
          {session !== undefined && (
            <p>
              Session {session}. <a href={streamHref(base, stream.name)}>Play the newest</a>
            </p>
          )}
        </div>
        <Numbers stream={stream} base={base} />
      </div>
      <Takes stream={stream} />
      <Sessions stream={stream} base={base} />
      <StreamKeys name={stream.name} keys={facts.keys} secret={facts.secret} viewer={viewer} />
    </>
  )
}

function Numbers({ stream, base }: { readonly stream: StreamDetail; readonly base: string }) {
  const { numbers, startedAt, takes, session, name, door, numbersAt } = stream
  if (!numbers) return null
  return (
    <dl class="facts">
      {startedAt !== undefined && (
        <Fact name="Began">
          <Time at={startedAt} />
        </Fact>
      )}
      {door !== undefined && <Fact name="Received by">{door}</Fact>}
      <Fact name="Received">
        {spanText(numbers.seconds * 1_000)} <span class="quiet">in {numbers.pieces} pieces</span>
      </Fact>
      <Fact name="Size">{formatBytes(numbers.sizeBytes)}</Fact>
      <Fact name="Missing">
        {numbers.gaps === 0
          ? 'nothing'
          : `${spanText(numbers.gapSeconds * 1_000)} in ${numbers.gaps} ${numbers.gaps === 1 ? 'gap' : 'gaps'}`}
      </Fact>
      {numbers.droppedSeconds > 0 && (
        <Fact name="Given up, as the disk was full">{spanText(numbers.droppedSeconds * 1_000)}</Fact>
      )}
      <Fact name="On the receiver's disk">{formatBytes(numbers.spoolBytes)}</Fact>
      {takes !== undefined && <Fact name="Takes">{takes}</Fact>}
      {numbersAt !== undefined && (
        <Fact name="As of">
          <Time at={numbersAt} />
        </Fact>
      )}
      {session !== undefined && (
        <Fact name="Runs of its pieces">
          <a href={`${base}/runs?prefix=${encodeURIComponent(sessionPrefix({ name, session }))}`}>Show</a>
        </Fact>
      )}
    </dl>
  )
}

function Takes({ stream: { lastTakes } }: { readonly stream: StreamDetail }) {
  if (lastTakes.length === 0) return null
  return (
    <section aria-labelledby="takes">
      <h2 id="takes">Takes of this session</h2>
      <ol class="story">
        {lastTakes.map(({ take, door, peer, startedAt, end }) => (
          <li class={end === undefined ? 's-running' : 's-event'}>
            <Time at={startedAt} />
            <i aria-hidden="true"></i>
            <span>
              <b>Take {take}</b> by {door} from <bdi>{printable(peer)}</bdi>
              {end === undefined ? ', under way' : `: ${printable(end)}`}
            </span>
          </li>
        ))}
      </ol>
    </section>
  )
}

function Sessions({ stream, base }: { readonly stream: StreamDetail; readonly base: string }) {
  if (stream.history.length === 0) return null
  return (
    <section aria-labelledby="sessions">
      <h2 id="sessions">Sessions that have ended</h2>
      <div class="scroll" tabindex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Session</th>
              <th scope="col">Ended</th>
              <th scope="col" class="wide">
                Why
              </th>
              <th scope="col" class="num">
                Received
              </th>
              <th scope="col" class="num">
                Missing
              </th>
              <th scope="col" class="num">
                Size
              </th>
            </tr>
          </thead>
          <tbody>
            {stream.history.map((session) => (
              <SessionRow session={session} href={streamHref(base, stream.name)} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function SessionRow({ session, href }: { readonly session: StreamSessionView; readonly href: string }) {
  return (
    <tr>
      <td>
        <a href={`${href}?session=${session.session}`}>{session.session}</a>
      </td>
      <td>
        <Time at={session.endedAt} />
      </td>
      <td class="wide">{printable(session.why)}</td>
      <td class="num">{spanText(session.seconds * 1_000)}</td>
      <td class="num">{session.gaps === 0 ? '' : spanText(session.gapSeconds * 1_000)}</td>
      <td class="num">{formatBytes(session.sizeBytes)}</td>
    </tr>
  )
}
