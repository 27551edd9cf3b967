/** Hostile files: lists of other files and hosts, named like media. Written for one canary file and one listening host. @module */
import { createServer } from 'node:http'
import { readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const HLS = '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1.0,\n'

export function disguises(canaryPath: string, host: string): Readonly<Record<string, string>> {
  return {
    'hls that reads a file.mp4': `${HLS}file://${canaryPath}\n#EXT-X-ENDLIST\n`,
    'hls that sends a request.mp4': `${HLS}${host}/hls.ts\n#EXT-X-ENDLIST\n`,
    'hls that carries a file away.mp4': `${HLS}concat:${host}/head.m3u8|file://${canaryPath}\n#EXT-X-ENDLIST\n`,
    'hls without an end.m3u8': `${HLS}file://${canaryPath}\n`,
    'ffconcat.mp4': `ffconcat version 1.0\nfile '${canaryPath}'\n`,
    'dash.mp4': `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT4S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1000"><BaseURL>${host}/dash.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>`,
    'sdp.mp4':
      'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 18099 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n',
    'svg.mp4': `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="${host}/svg.png"/></svg>`,
  }
}

export interface Trap {
  readonly canaryPath: string
  readonly host: string
  /** What was asked of the host, and whether the canary was read since {@link openTrap}. */
  sprung(): Promise<readonly string[]>
  close(): void
}

/** @param canary - a file that would play if a disguise got through */
export async function openTrap(folder: string, canary: string): Promise<Trap> {
  const canaryPath = join(folder, 'canary.ts')
  await writeFile(canaryPath, await readFile(canary))
  // The time of the last reading moves on only when it lies before that of the last writing.
  await utimes(canaryPath, new Date(0), new Date())
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(request.url ?? '')
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return {
    canaryPath,
    host: `http://127.0.0.1:${port}`,
    async sprung() {
      const wasRead = (await stat(canaryPath)).atimeMs > 0
      return wasRead ? [...requests, 'the canary was read'] : requests
    },
    close: () => server.close(),
  }
}
