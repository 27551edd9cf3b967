/** Players of films and sounds. Without script the browser's own controls are there; a sequence then plays its first file. @module */
import { createHash } from 'node:crypto'
import type { Output } from '../../api/results/outputs.ts'
import { printable } from '../../printable.ts'
import { clockText } from '../words.ts'
import { type Aids, fileNameOf, isSound, type Part } from './kinds.ts'

interface OfObject {
  readonly base: string
  readonly aids: Aids
}

/** Files that are one film or one sound in order: assets/players/player.js plays them one after another, on one strip. */
export function Sequence(props: OfObject & { readonly parts: readonly Part[] }) {
  const { parts, base, aids } = props
  const [first] = parts
  if (!first) return null
  const last = parts.at(-1) ?? first
  const totalSeconds = last.startSeconds + last.durationSeconds
  const list = parts.map(({ output, startSeconds, durationSeconds }) => ({
    src: base + output.href,
    start: startSeconds,
    duration: durationSeconds,
  }))
  const { thumbnails } = aids
  return (
    <div
      class={isSound(first.output) ? 'player sound' : 'player'}
      id={idOf(...list.map(({ src }) => src))}
      data-player={JSON.stringify(list)}
      data-thumbnails={thumbnails && base + thumbnails.href}
    >
      <div class="screen">
        <video src={base + first.output.href} controls preload="metadata" playsinline></video>
      </div>
      <div class="bar" hidden>
        <button type="button" class="icon play" aria-label="Play">
          <svg viewBox="0 0 20 20" aria-hidden="true">
            <path class="go" d="M5 3l12 7-12 7z" />
            <path class="hold" d="M5 3h3.5v14H5zM11.5 3H15v14h-3.5z" />
          </svg>
        </button>
        <span class="clock">0:00</span>
        <div
          class="strip"
          role="slider"
          tabindex={0}
          aria-label="Position"
          aria-valuemin={0}
          aria-valuemax={Math.round(totalSeconds)}
          aria-valuenow={0}
        >
          <svg preserveAspectRatio="none" aria-hidden="true">
            {parts.map(({ startSeconds, durationSeconds }) => (
              <rect
                x={percent(startSeconds / totalSeconds)}
                width={percent(durationSeconds / totalSeconds)}
                height="100%"
              />
            ))}
          </svg>
          <i class="head"></i>
          <span class="peek" hidden></span>
        </div>
        <span class="clock quiet">{clockText(totalSeconds)}</span>
        <span class="which quiet">
          {printable(first.output.role)} <b>1</b> of {parts.length}
        </span>
      </div>
    </div>
  )
}

/**
 * The id of a player: of its files, so that a page that refreshes itself leaves it alone while they are the same, and exchanges
 * it when there are others.
 */
function idOf(...addresses: readonly string[]): string {
  const hash = createHash('sha256')
  for (const address of addresses) hash.update(`${address}\n`)
  return `player-${hash.digest('hex').slice(0, 12)}`
}

function percent(share: number): string {
  return `${(share * 100).toFixed(3)}%`
}

export function Film({ film, base, aids }: OfObject & { readonly film: Output }) {
  return (
    <div class="player" id={idOf(film.href)} data-keep>
      <div class="screen">
        <video
          src={base + film.href}
          controls
          preload="metadata"
          playsinline
          loop={film.role === 'preview'}
          muted={film.role === 'preview'}
          poster={posterOf({ base, aids })}
          aria-label={printable(fileNameOf(film))}
        >
          {film.role !== 'preview' && <Captions base={base} aids={aids} />}
        </video>
      </div>
    </div>
  )
}

/** HLS, also of a stream that is live: assets/players/hls-video.js plays it where the browser does not by itself. */
export function Playlist(props: OfObject & { readonly src: string; readonly label?: string }) {
  const { src, base, aids, label = 'Adaptive video' } = props
  return (
    <div class="player" id={idOf(src)} data-hls={src} data-keep>
      <div class="screen">
        <video controls preload="metadata" playsinline poster={posterOf({ base, aids })} aria-label={label}>
          <source src={src} type="application/vnd.apple.mpegurl" />
        </video>
      </div>
      <p class="quiet" hidden></p>
    </div>
  )
}

/** With the picture of its waveform as the strip (assets/players/sound.js). */
export function Sound(props: {
  readonly sound: Output
  readonly wave: Output | undefined
  readonly base: string
}) {
  const { sound, wave, base } = props
  const name = printable(fileNameOf(sound))
  return (
    <div class="player sound" id={idOf(sound.href)} data-sound data-keep>
      {wave && (
        <div
          class="wave strip"
          role="slider"
          tabindex={0}
          aria-label={`Position in ${name}`}
          aria-valuenow={0}
        >
          <img src={base + wave.href} alt="" />
          <i class="head"></i>
        </div>
      )}
      <audio src={base + sound.href} controls preload="metadata" aria-label={name}></audio>
    </div>
  )
}

function posterOf({ base, aids: { poster } }: OfObject): string | undefined {
  return poster && base + poster.href
}

function Captions({ base, aids: { captions } }: OfObject) {
  return (
    <>
      {captions.map((track) => (
        <track
          kind="captions"
          src={base + track.href}
          srclang={languageOf(track)}
          label={printable(track.language ?? fileNameOf(track))}
        />
      ))}
    </>
  )
}

/** Manifests may be written by anyone: only a language tag is one. */
function languageOf({ language = '' }: Output): string | undefined {
  return /^[a-z]{2,8}(?:-[a-z0-9]{1,8})*$/i.test(language) ? language : undefined
}
