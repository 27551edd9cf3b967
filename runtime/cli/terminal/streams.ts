/** Streams as commands print them. @module */
import { formatBytes } from '../../amounts.ts'
import type { StreamDetail, StreamKeyView, StreamSessionView, StreamView } from '../../api/streams/model.ts'
import { ageText, countText, durationText, timeText } from './amounts.ts'
import { createListing, writeFacts, type Column } from './table.ts'
import type { Terminal, Tone } from './terminal.ts'

type Counts = Pick<
  StreamSessionView,
  'pieces' | 'seconds' | 'sizeBytes' | 'droppedSeconds' | 'gapSeconds' | 'gaps'
>

const TONES: Readonly<Record<StreamView['state'], Tone>> = {
  live: 'good',
  waiting: 'doubtful',
  wanted: 'doubtful',
  ended: 'quiet',
}

export const STREAM_COLUMNS: readonly Column<StreamView>[] = [
  { title: 'stream', show: ({ name }) => name, isFlexible: true },
  { title: 'state', show: ({ state }) => state, tone: ({ state }) => TONES[state] },
  {
    title: 'for',
    show: (view) => (sinceOf(view) ? ageText(sinceOf(view) as string) : ''),
    plain: (view) => sinceOf(view) ?? '',
    isNumber: true,
  },
  { title: 'door', show: ({ door = '' }) => door },
  { title: 'takes', show: ({ takes }) => String(takes ?? ''), isNumber: true },
  {
    title: 'media',
    show: (view) => lengthOf(view),
    plain: (view) => String(view.numbers?.seconds ?? ''),
    isNumber: true,
  },
  {
    title: 'size',
    show: ({ numbers }) => (numbers ? formatBytes(numbers.sizeBytes) : ''),
    plain: ({ numbers }) => String(numbers?.sizeBytes ?? ''),
    isNumber: true,
  },
  {
    title: 'missing',
    show: ({ numbers }) => (numbers ? secondsText(numbers.gapSeconds) : ''),
    plain: ({ numbers }) => String(numbers?.gapSeconds ?? ''),
    isNumber: true,
    tone: ({ numbers }) => (numbers && numbers.gapSeconds > 0 ? 'bad' : undefined),
  },
  { title: 'dropped', show: ({ numbers }) => String(numbers?.droppedSeconds ?? ''), isForPrograms: true },
  { title: 'session', show: ({ session = '' }) => session, isForPrograms: true },
  { title: 'peer', show: ({ peer = '', wanted }) => peer || (wanted?.url ?? ''), isForPrograms: true },
]

/** The time from which its state is counted. */
function sinceOf({ state, startedAt, endedAt, wanted }: StreamView): string | undefined {
  if (state === 'ended') return endedAt
  return state === 'wanted' ? wanted?.since : startedAt
}

function lengthOf({ numbers }: StreamView): string {
  return numbers ? durationText(numbers.seconds * 1_000) : ''
}

/** Tenths matter in losses. */
function secondsText(seconds: number): string {
  return seconds === 0 ? '0s' : durationText(Math.max(100, seconds * 1_000))
}

/** Such as `12 pieces, 48s of media, 3.2 MiB`. */
export function countsText({
  pieces,
  seconds,
  sizeBytes,
}: Pick<Counts, 'pieces' | 'seconds' | 'sizeBytes'>): string {
  return `${countText(pieces, 'piece')}, ${durationText(seconds * 1_000)} of media, ${formatBytes(sizeBytes)}`
}

/** Such as `5.5s in 1 gap; 4s of it dropped as the disk was full`; undefined when nothing is missing. */
function missingText({ gapSeconds, gaps, droppedSeconds }: Counts): string {
  if (gapSeconds === 0 && droppedSeconds === 0) return 'nothing'
  const dropped = droppedSeconds > 0 ? `; ${secondsText(droppedSeconds)} was received and dropped` : ''
  return `${secondsText(gapSeconds)} in ${countText(gaps, 'gap')}${dropped}`
}

const TAKE_COLUMNS: readonly Column<StreamDetail['lastTakes'][number]>[] = [
  { title: 'take', show: ({ take }) => String(take), isNumber: true },
  { title: 'door', show: ({ door }) => door },
  {
    title: 'age',
    show: ({ startedAt }) => ageText(startedAt),
    plain: ({ startedAt }) => startedAt,
    isNumber: true,
  },
  { title: 'end', show: ({ end = '' }) => end },
  { title: 'sender', show: ({ peer }) => peer, isFlexible: true },
]

const HISTORY_COLUMNS: readonly Column<StreamSessionView>[] = [
  { title: 'session', show: ({ session }) => session },
  {
    title: 'ended',
    show: ({ endedAt }) => ageText(endedAt),
    plain: ({ endedAt }) => endedAt,
    isNumber: true,
  },
  { title: 'why', show: ({ why }) => why },
  { title: 'takes', show: ({ takes }) => String(takes), isNumber: true },
  {
    title: 'media',
    show: ({ seconds }) => durationText(seconds * 1_000),
    plain: ({ seconds }) => String(seconds),
    isNumber: true,
  },
  {
    title: 'missing',
    show: ({ gapSeconds }) => secondsText(gapSeconds),
    plain: ({ gapSeconds }) => String(gapSeconds),
    isNumber: true,
    tone: ({ gapSeconds }) => (gapSeconds > 0 ? 'bad' : undefined),
  },
]

export function writeStream(out: Terminal, view: StreamDetail, apiUrl: string): void {
  const { numbers } = view
  writeFacts(out, [
    ['stream', view.name],
    ['state', stateText(view)],
    ['pulled from', view.wanted && `${view.wanted.url} since ${timeText(view.wanted.since)}`],
    ['pull options', view.wanted && optionsText(view.wanted)],
    ['pull failed', view.wanted?.lastFailure && failureText(view.wanted.lastFailure)],
    ['session', view.session],
    ['door', view.door],
    ['sender', view.state === 'ended' ? undefined : view.peer],
    ['key', view.keyId],
    ['started', view.startedAt && timeText(view.startedAt)],
    [
      'take',
      view.takes === undefined
        ? undefined
        : `${view.takes}${view.takeStartedAt ? `, of ${timeText(view.takeStartedAt)}` : ''}`,
    ],
    ['ended', view.endedAt && timeText(view.endedAt)],
    // Its receiver says them every few seconds only.
    [
      'received',
      numbers && countsText(numbers) + (view.numbersAt ? `, as of ${ageText(view.numbersAt)} ago` : ''),
    ],
    ['missing', numbers && missingText(numbers)],
    [
      'to be sent',
      numbers && numbers.spoolBytes > 0
        ? `${formatBytes(numbers.spoolBytes)} on the receiver's disk`
        : undefined,
    ],
    ['playlist', view.playlist && apiUrl + view.playlist],
  ])
  if (view.lastTakes.length > 0) writeTable(out, TAKE_COLUMNS, view.lastTakes)
  if (view.history.length > 0) writeTable(out, HISTORY_COLUMNS, view.history)
}

function optionsText(wanted: NonNullable<StreamView['wanted']>): string {
  const { seconds, maxDurationSeconds, reconnectSeconds, onFull, join } = wanted
  const given = [
    seconds !== undefined && `pieces of ${seconds} s`,
    maxDurationSeconds !== undefined && `sessions of ${durationText(maxDurationSeconds * 1_000)} at most`,
    reconnectSeconds !== undefined && `waits ${durationText(reconnectSeconds * 1_000)} for its source`,
    onFull !== undefined && `on a full disk: ${onFull}`,
    join !== undefined && `join: ${join}`,
  ]
  return given.filter((text) => text !== false).join(', ')
}

function failureText({
  why,
  at,
  failures,
}: NonNullable<NonNullable<StreamView['wanted']>['lastFailure']>): string {
  return `${failures === 1 ? 'once' : `${failures} times in a row`}, last at ${timeText(at)}: ${why}`
}

function stateText({ state, why, isStopping, isReceiverSilent }: StreamDetail): string {
  if (state === 'ended') return why === undefined ? state : `ended: ${why}`
  if (isStopping) return `${state}; its end was requested`
  return isReceiverSilent ? `${state}: its receiver is silent, another one may take it over` : state
}

function writeTable<T>(out: Terminal, columns: readonly Column<T>[], rows: readonly T[]): void {
  out.write('\n')
  const listing = createListing(out, columns)
  listing.add(rows)
  listing.end()
}

export const KEY_COLUMNS: readonly Column<StreamKeyView>[] = [
  { title: 'key', show: ({ id }) => id },
  { title: 'stream', show: ({ name }) => name, isFlexible: true },
  {
    title: 'age',
    show: ({ createdAt }) => ageText(createdAt),
    plain: ({ createdAt }) => createdAt,
    isNumber: true,
  },
  {
    title: 'state',
    show: (key) => keyState(key),
    tone: (key) => (keyState(key) === 'good' ? 'good' : 'quiet'),
  },
  {
    title: 'expires',
    show: ({ expiresAt }) => (expiresAt === undefined ? 'never' : timeText(expiresAt)),
    plain: ({ expiresAt = '' }) => expiresAt,
  },
]

function keyState({ revokedAt, expiresAt }: StreamKeyView): 'good' | 'revoked' | 'expired' {
  if (revokedAt !== undefined) return 'revoked'
  return expiresAt !== undefined && Date.parse(expiresAt) <= Date.now() ? 'expired' : 'good'
}
