/** A manifest of DASH over the same segments. Pure. @module */

export interface DashTrack {
  /** Its folder. */
  readonly name: string
  readonly kind: 'video' | 'audio'
  readonly codec: string
  readonly bitsPerSecond: number
  readonly ticksPerSecond: number
  readonly startSeconds: number
  readonly endSeconds: number
  readonly segments: readonly {
    readonly startTicks: number
    readonly endTicks: number
    readonly seconds: number
  }[]
  readonly width?: number | undefined
  readonly height?: number | undefined
  readonly framesPerSecond?: number | undefined
  readonly channels?: number | undefined
  readonly sampleRate?: number | undefined
  /** BCP 47. */
  readonly language?: string | undefined
}

/** A picture that begins a moment after the sound is where the presentation begins: a player waits for both. */
const EARLY_SECONDS = 0.5

/** @param targetSeconds - the length of the longest segment, rounded */
export function dashManifest(
  tracks: readonly DashTrack[],
  { targetSeconds, folder }: { readonly targetSeconds: number; readonly folder: string },
): string {
  const pictures = tracks.filter(({ kind }) => kind === 'video')
  const sounds = tracks.filter(({ kind }) => kind === 'audio')
  const first = Math.min(...(pictures.length > 0 ? pictures : sounds).map(({ startSeconds }) => startSeconds))
  const offsetSeconds = first > 0 && first < EARLY_SECONDS ? first : 0
  const endSeconds = Math.max(...tracks.map((track) => track.endSeconds)) - offsetSeconds
  const longest = Math.max(...tracks.flatMap(({ segments }) => segments.map(({ seconds }) => seconds)))
  const represent = (track: DashTrack) => representation(track, offsetSeconds, folder)
  const aligned = 'segmentAlignment="true" startWithSAP="1"'
  const sets = [
    ...(pictures.length === 0
      ? []
      : [
          `<AdaptationSet id="0" contentType="video" mimeType="video/mp4" ${aligned}>`,
          ...pictures.map(represent),
          '</AdaptationSet>',
        ]),
    ...sounds.flatMap((track, place) => [
      `<AdaptationSet id="${place + 1}" contentType="audio" mimeType="audio/mp4"${optional('lang', track.language)} ${aligned}>`,
      represent(track),
      '</AdaptationSet>',
    ]),
  ]
  return `${[
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" type="static" mediaPresentationDuration="${iso(endSeconds)}" maxSegmentDuration="${iso(longest)}" minBufferTime="${iso(targetSeconds)}">`,
    '<Period id="0" start="PT0S">',
    ...sets,
    '</Period>',
    '</MPD>',
  ].join('\n')}\n`
}

function representation(track: DashTrack, offsetSeconds: number, folder: string): string {
  const { name, codec, bitsPerSecond, ticksPerSecond, width, height, channels, sampleRate } = track
  const rate =
    track.framesPerSecond === undefined ? undefined : `${Math.round(track.framesPerSecond * 1_000)}/1000`
  const attributes = [
    `id="${name}" codecs="${codec}" bandwidth="${bitsPerSecond}"`,
    track.kind === 'video'
      ? `${optional('width', width)}${optional('height', height)}${optional('frameRate', rate)} sar="1:1"`
      : optional('audioSamplingRate', sampleRate),
  ].join(' ')
  const scheme = 'urn:mpeg:dash:23003:3:audio_channel_configuration:2011'
  return [
    `<Representation ${attributes}>`,
    ...(channels === undefined
      ? []
      : [`<AudioChannelConfiguration schemeIdUri="${scheme}" value="${channels}"/>`]),
    // An edit of the init says which part of the first packet is not to be heard; players apply it.
    `<SegmentTemplate timescale="${ticksPerSecond}" presentationTimeOffset="${Math.round(offsetSeconds * ticksPerSecond)}" initialization="${folder}${name}/init.mp4" media="${folder}${name}/seg-$Number%05d$.m4s" startNumber="0">`,
    `<SegmentTimeline>${timeline(track)}</SegmentTimeline>`,
    '</SegmentTemplate>',
    '</Representation>',
  ].join('\n')
}

/** Segments of one length after another are one row. */
function timeline({ segments }: DashTrack): string {
  const rows: { t: number; d: number; r: number }[] = []
  for (const { startTicks, endTicks } of segments) {
    const d = endTicks - startTicks
    const last = rows.at(-1)
    if (last?.d === d && last.t + last.d * (last.r + 1) === startTicks) last.r++
    else rows.push({ t: startTicks, d, r: 0 })
  }
  return rows.map(({ t, d, r }) => `<S t="${t}" d="${d}"${r > 0 ? ` r="${r}"` : ''}/>`).join('')
}

function optional(name: string, value: string | number | undefined): string {
  return value === undefined ? '' : ` ${name}="${value}"`
}

function iso(seconds: number): string {
  return `PT${seconds.toFixed(3)}S`
}
