/** The playlist that a player opens: variants, sounds, subtitles and key pictures of a presentation. Pure. @module */

export interface Rates {
  readonly peakBitsPerSecond: number
  readonly averageBitsPerSecond: number
}

export interface Variant extends Rates {
  /** Relative to the presentation's folder: `720p/index.m3u8`. */
  readonly uri: string
  readonly codec: string
  readonly width: number
  readonly height: number
  readonly framesPerSecond: number
  /** Of HDR: its transfer characteristics. @defaultValue those of SDR */
  readonly range?: 'PQ' | 'HLG' | undefined
  readonly keyPictures?: { readonly uri: string } & Rates
}

export interface Sound extends Rates {
  readonly uri: string
  readonly codec: string
  readonly channels: number
  /** As the source names it: `eng`; a player wants BCP 47. */
  readonly language?: string | undefined
  readonly title?: string | undefined
  readonly isDefault: boolean
}

export interface Subtitles {
  readonly uri: string
  readonly language?: string | undefined
  readonly title?: string | undefined
}

export interface Presentation {
  readonly variants: readonly Variant[]
  readonly sounds: readonly Sound[]
  readonly subtitles: readonly Subtitles[]
  /** Whether every segment can be decoded without the one before it. */
  readonly isIndependent: boolean
  /** Its segments are transport streams. */
  readonly isTransport?: boolean | undefined
}

/** @param folder - put before each address: '' beside them, `~01H…/` for the copy at the pointer's place */
export function masterPlaylist(presentation: Presentation, folder: string): string {
  const { variants, sounds, subtitles, isIndependent, isTransport = false } = presentation
  const version = `#EXT-X-VERSION:${isTransport ? 4 : 7}`
  const head = ['#EXTM3U', version, ...(isIndependent ? ['#EXT-X-INDEPENDENT-SEGMENTS'] : [])]
  const at = (uri: string) => quoted(`${folder}${uri}`)
  if (variants.length === 0) return text([...head, ...soundsAlone(sounds, folder)])
  const names = uniqueNames([...sounds, ...subtitles])
  const media = [
    ...sounds.map((sound, index) =>
      tag('#EXT-X-MEDIA', {
        TYPE: 'AUDIO',
        'GROUP-ID': '"audio"',
        NAME: quoted(names[index] ?? ''),
        LANGUAGE: optional(languageTag(sound.language)),
        DEFAULT: sound.isDefault ? 'YES' : 'NO',
        AUTOSELECT: 'YES',
        CHANNELS: quoted(String(sound.channels)),
        URI: at(sound.uri),
      }),
    ),
    ...subtitles.map((cues, index) =>
      tag('#EXT-X-MEDIA', {
        TYPE: 'SUBTITLES',
        'GROUP-ID': '"subs"',
        NAME: quoted(names[sounds.length + index] ?? ''),
        LANGUAGE: optional(languageTag(cues.language)),
        DEFAULT: 'NO',
        AUTOSELECT: 'YES',
        URI: at(cues.uri),
      }),
    ),
  ]
  const peak = Math.max(0, ...sounds.map(({ peakBitsPerSecond }) => peakBitsPerSecond))
  const average = Math.max(0, ...sounds.map(({ averageBitsPerSecond }) => averageBitsPerSecond))
  const soundCodecs = [...new Set(sounds.map(({ codec }) => codec))]
  const ordered = variants.toSorted((a, b) => a.peakBitsPerSecond - b.peakBitsPerSecond)
  const streams = ordered.flatMap((variant) => [
    tag('#EXT-X-STREAM-INF', {
      // A player must be able to load the picture with the largest sound of its group.
      BANDWIDTH: String(variant.peakBitsPerSecond + peak),
      'AVERAGE-BANDWIDTH': String(variant.averageBitsPerSecond + average),
      CODECS: quoted([variant.codec, ...soundCodecs].join(',')),
      RESOLUTION: `${variant.width}x${variant.height}`,
      'FRAME-RATE': variant.framesPerSecond.toFixed(3),
      'VIDEO-RANGE': variant.range,
      AUDIO: sounds.length > 0 ? '"audio"' : undefined,
      SUBTITLES: subtitles.length > 0 ? '"subs"' : undefined,
      'CLOSED-CAPTIONS': 'NONE',
    }),
    `${folder}${variant.uri}`,
  ])
  const keys = ordered.flatMap(({ keyPictures, codec, width, height, range }) =>
    keyPictures
      ? [
          tag('#EXT-X-I-FRAME-STREAM-INF', {
            BANDWIDTH: String(keyPictures.peakBitsPerSecond),
            'AVERAGE-BANDWIDTH': String(keyPictures.averageBitsPerSecond),
            CODECS: quoted(codec),
            RESOLUTION: `${width}x${height}`,
            'VIDEO-RANGE': range,
            URI: at(keyPictures.uri),
          }),
        ]
      : [],
  )
  return text([...head, ...media, ...streams, ...keys])
}

function soundsAlone(sounds: readonly Sound[], folder: string): readonly string[] {
  return sounds.flatMap(({ uri, codec, peakBitsPerSecond, averageBitsPerSecond }) => [
    tag('#EXT-X-STREAM-INF', {
      BANDWIDTH: String(peakBitsPerSecond),
      'AVERAGE-BANDWIDTH': String(averageBitsPerSecond),
      CODECS: quoted(codec),
    }),
    `${folder}${uri}`,
  ])
}

/** Names of a group must differ: the source's title, else its language in words, else a number; a number is added to a name that comes again. */
function uniqueNames(
  tracks: readonly { readonly title?: string | undefined; readonly language?: string | undefined }[],
): readonly string[] {
  const taken = new Set<string>()
  return tracks.map(({ title, language }, index) => {
    const name = title?.trim() || languageTag(language) || `Track ${index + 1}`
    let unique = name
    for (let number = 2; taken.has(unique); number++) unique = `${name} ${number}`
    taken.add(unique)
    return unique
  })
}

/**
 * BCP 47 for the three letters of ISO 639-2 that files carry: `eng` -> `en`. `undefined` for `und` and for anything that is not a language.
 */
export function languageTag(language: string | undefined): string | undefined {
  // ISO 639-2 has two spellings of some languages; canonicalisation knows one of them.
  const spelled = language && (BIBLIOGRAPHIC[language.toLowerCase()] ?? language)
  if (!spelled || spelled.toLowerCase() === 'und') return undefined
  try {
    return Intl.getCanonicalLocales(spelled)[0]
  } catch {
    return undefined
  }
}

/** ISO 639-2/B to 639-1, where the two codes of ISO 639-2 differ. */
const BIBLIOGRAPHIC: Readonly<Record<string, string>> = {
  alb: 'sq',
  arm: 'hy',
  baq: 'eu',
  bur: 'my',
  chi: 'zh',
  cze: 'cs',
  dut: 'nl',
  fre: 'fr',
  geo: 'ka',
  ger: 'de',
  gre: 'el',
  ice: 'is',
  mac: 'mk',
  mao: 'mi',
  may: 'ms',
  per: 'fa',
  rum: 'ro',
  slo: 'sk',
  tib: 'bo',
  wel: 'cy',
}

function tag(name: string, attributes: Readonly<Record<string, string | undefined>>): string {
  const list = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${value}`],
  )
  return `${name}:${list.join(',')}`
}

function optional(value: string | undefined): string | undefined {
  return value === undefined ? undefined : quoted(value)
}

/** A quoted string has no quotes and no ends of lines inside (RFC 8216, 4.2). */
function quoted(value: string): string {
  return `"${value.replaceAll(/["\p{Cc}]/gu, ' ')}"`
}

function text(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`
}
