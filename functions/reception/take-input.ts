/**
 * The input of a take, by its door: FFmpeg's words for it, and the only protocols and formats that it may use. An FFmpeg that reads
 * a pipe has no network; a playlist that names a local file finds no protocol `file`. Pure.
 * @module
 */
import type { TakeInput } from '../../runtime/index.ts'

export interface InputWords {
  /** They end with `-i <address>`. */
  readonly words: readonly string[]
  readonly protocols: string
  readonly formats: string
  readonly isOffline: boolean
  /** Its first pictures have no times. */
  readonly hasLateTimes?: boolean
}

/** Containers that can be read from a connection, without going back. */
export const PIPE_FORMATS = 'mpegts,flv,live_flv,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,ogg,mp3,aac,wav,flac'
const FLV_FORMATS = 'flv,live_flv'

/** The schemes of a pulled address. `proxyPort` leads http and hls through the forward proxy, which sees each request of a playlist. */
const PULLS: Readonly<Record<string, Omit<InputWords, 'isOffline'>>> = {
  // Over TCP: no port has to be open for packets, and none is lost.
  'rtsp:': {
    words: ['-rtsp_transport', 'tcp'],
    protocols: 'rtsp,rtp,udp,tcp',
    formats: 'rtsp,sdp',
    hasLateTimes: true,
  },
  'rtmp:': { words: [], protocols: 'rtmp,tcp', formats: FLV_FORMATS },
  'srt:': { words: [], protocols: 'srt,udp', formats: 'mpegts' },
  'http:': { words: [], protocols: 'http,httpproxy,tcp,crypto', formats: `hls,${PIPE_FORMATS}` },
  'https:': { words: [], protocols: 'https,tls,http,httpproxy,tcp,crypto', formats: `hls,${PIPE_FORMATS}` },
}

/** @throws {Error} when the address has another scheme, or http has no proxy */
export function inputOf(input: TakeInput): InputWords {
  switch (input.door) {
    case 'http':
      return { words: ['-i', 'pipe:0'], protocols: 'pipe', formats: PIPE_FORMATS, isOffline: true }
    case 'rtmp':
      return {
        words: ['-listen', '1', '-i', `rtmp://127.0.0.1:${input.port}/live/${input.nonce}`],
        protocols: 'rtmp,tcp',
        formats: FLV_FORMATS,
        isOffline: false,
      }
    case 'srt': {
      const host = input.host.includes(':') ? `[${input.host}]` : input.host
      // In microseconds. A listener waits for its caller for ever all the same (measured with 5.1).
      const timeout = ['-timeout', String(input.patienceMs * 1_000)]
      return {
        // Options, not parts of the address, where some characters would end it.
        words: [
          '-mode',
          'listener',
          '-passphrase',
          input.passphrase,
          ...timeout,
          '-i',
          `srt://${host}:${input.port}`,
        ],
        protocols: 'srt,udp',
        formats: 'mpegts',
        isOffline: false,
      }
    }
    case 'pull':
      return pulled(input)
  }
}

function pulled({ url, proxyPort }: Extract<TakeInput, { door: 'pull' }>): InputWords {
  const { protocol } = new URL(url)
  const pull = PULLS[protocol]
  if (!pull) throw new Error(`streams are not pulled over ${protocol}//`)
  const isProxied = protocol === 'http:' || protocol === 'https:'
  if (isProxied && proxyPort === undefined) throw new Error(`${protocol}// is pulled through the proxy only`)
  const proxy = isProxied ? ['-http_proxy', `http://127.0.0.1:${proxyPort}`] : []
  return { ...pull, words: [...pull.words, ...proxy, '-i', url], isOffline: false }
}
