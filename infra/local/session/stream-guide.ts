/** The part about streams of the text that is printed when the stack is up. @module */
import { ffmpegBinaries } from '../../../functions/ffmpeg/build/binaries.ts'
import type { Config } from '../../../runtime/settings/config.ts'
import { hasTokens } from '../../../runtime/settings/token-roles.ts'
import { hostHere, isLoopback } from '../../../runtime/settings/values.ts'
import { shellWord } from '../../../runtime/telemetry/safe-text.ts'

export interface StreamsGuide {
  readonly httpUrl: string
  /** Undefined if RTMP is off. */
  readonly rtmpUrl: string | undefined
  /** The program that can send a test picture. */
  readonly ffmpegPath: string
  /** Whether a sender has to give a key. */
  readonly needsKey: boolean
}

/** Undefined if this runtime receives no streams. */
export async function streamsGuide({ roles, streams, tokens }: Config): Promise<StreamsGuide | undefined> {
  if (!roles.includes('streams')) return undefined
  const { host, port, rtmpPort } = streams
  const address = hostHere(host)
  const { ffmpegPath } = await ffmpegBinaries()
  return {
    httpUrl: `http://${address}:${port}`,
    rtmpUrl: rtmpPort === 0 ? undefined : `rtmp://${address}:${rtmpPort}`,
    ffmpegPath,
    needsKey: hasTokens(tokens) || !isLoopback(host),
  }
}

/** Where streams are received, as names and values. */
export function streamAddresses({ httpUrl, rtmpUrl }: StreamsGuide): readonly (readonly [string, string])[] {
  return [
    ['Streams', `${httpUrl}/v1/streams/NAME   docs/streams.md`],
    ...(rtmpUrl === undefined ? [] : [['RTMP', `${rtmpUrl}/live`] as const]),
  ]
}

const TEST_STREAM = 'demo'

/** A command that can be pasted as it is, and the place where its stream plays; within 80 columns, but for the program's path. */
export function streamLines(
  { httpUrl, ffmpegPath, needsKey }: StreamsGuide,
  apiUrl: string | undefined,
): string[] {
  const lines = [
    `${shellWord(ffmpegPath)} -hide_banner -loglevel error -re`,
    ...PICTURE,
    ...(needsKey ? ['-headers "Authorization: Bearer $KEY"'] : []),
    `-f mpegts -method PUT ${httpUrl}/v1/streams/${TEST_STREAM}`,
  ]
  return [
    'A live stream of a test picture, from another terminal, until Ctrl-C there:',
    ...(needsKey ? KEY : []),
    ...lines.map((line, at) => `  ${at > 0 ? '  ' : ''}${line}${at < lines.length - 1 ? ' \\' : ''}`),
    ...(apiUrl
      ? [
          'It plays some seconds later, in VLC, mpv, ffplay or Safari:',
          `  ${apiUrl}/v1/streams/${TEST_STREAM}/live.m3u8`,
        ]
      : []),
    '',
  ]
}

/** A keyframe every 2 s, since pieces begin only there. */
const PICTURE = [
  '-f lavfi -i testsrc2=size=640x360:rate=25 -f lavfi -i sine=frequency=440',
  '-c:v libx264 -preset veryfast -g 50 -pix_fmt yuv420p -c:a aac',
]
const KEY = [
  `  KEY=$(npm run -s sluice -- streams key create ${TEST_STREAM} |`,
  '    awk \'$1 == "secret" { print $2 }\')',
]
