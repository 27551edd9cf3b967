/**
 * Hostile files: lists of other files and hosts, named like media and hidden in what looks like media. Written for one
 * canary file and one listening host.
 * @module
 */
import { createSocket } from 'node:dgram'
import { rmSync } from 'node:fs'
import { chmod, mkdtemp, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'

const HLS = '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1.0,\n'
const END = '\n#EXT-X-ENDLIST\n'

/** @param host - `http://127.0.0.1:40123` */
export function disguises(canaryPath: string, host: string): Readonly<Record<string, string | Buffer>> {
  const address = host.replace('http://', '')
  const port = address.split(':')[1] ?? '9'
  const reading = `${HLS}file://${canaryPath}${END}`
  const asking = `${HLS}${host}/hls.ts${END}`
  const ftyp = box('ftyp', Buffer.from('isom\0\0\u0002\0isomiso2', 'latin1'))
  return {
    'hls that reads a file.mp4': reading,
    'hls that sends a request.mp4': asking,
    'hls that carries a file away.mp4': `${HLS}concat:${host}/head.m3u8|file://${canaryPath}${END}`,
    'hls without an end.mp4': `${HLS}file://${canaryPath}\n`,
    'hls that is encrypted.mp4': `#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="${host}/key"\n#EXTINF:1.0,\nfile://${canaryPath}${END}`,
    'hls with a map.mp4': `#EXTM3U\n#EXT-X-MAP:URI="${host}/init.mp4"\n#EXTINF:1.0,\n${host}/1.m4s${END}`,
    'hls by other protocols.mkv': ['tcp', 'udp', 'rtp', 'rtmp', 'ftp', 'gopher', 'async:http', 'cache:http']
      .map((scheme) => `#EXTINF:1.0,\n${scheme}://${address}/x.ts\n`)
      .join('')
      .replace(/^/, HLS),
    'hls by subfile.ts': `${HLS}subfile,,start,0,end,999,,:${canaryPath}${END}`,
    'hls behind a byte order mark.mp4': `\uFEFF${asking}`,
    'hls behind white space.mp3': ` \t\r\n${asking}`,
    'hls in UTF-16.mp4': Buffer.from(`\uFEFF${asking}`, 'utf16le'),
    'hls behind 4 KB of blanks.mp4': ' '.repeat(4_096) + asking,
    'hls behind 4 KB of zeros.mkv': Buffer.concat([Buffer.alloc(4_096), Buffer.from(asking)]),
    'hls behind a tag.mp3': Buffer.concat([id3(300), Buffer.from(reading)]),
    'hls behind a large tag.mp3': Buffer.concat([id3(9_000), Buffer.from(asking)]),
    'hls inside a first box.mp4': box('ftyp', Buffer.from(`isom${asking}`)),
    'hls behind a first box.mp4': Buffer.concat([ftyp, Buffer.from(reading)]),
    'hls with a first box in its first line.mp4': Buffer.from(`#EXTftypisom\n${reading}`),
    'hls behind the mark of a transport stream.ts': Buffer.from(`G${asking}`),
    'list of songs.mp3': `#EXTM3U\n#EXTINF:1,x\n${host}/song.mp3\n`,
    'ffconcat.mp4': `ffconcat version 1.0\nfile '${canaryPath}'\n`,
    'ffconcat behind a byte order mark.mp4': `\uFEFFffconcat version 1.0\nfile '${canaryPath}'\n`,
    'ffconcat behind a tag.mp3': Buffer.concat([
      id3(64),
      Buffer.from(`ffconcat version 1.0\nfile '${canaryPath}'\n`),
    ]),
    'dash.mp4': `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT4S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1000"><BaseURL>${host}/dash.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>`,
    'sdp.mp4': `v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video ${port} RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n`,
    'svg.mp4': `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="${host}/svg.png"/></svg>`,
    'smil.mov': `<smil><body><video src="${host}/smil.mp4"/></body></smil>`,
    'xspf.mp3': `<?xml version="1.0"?><playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList><track><location>${host}/x</location></track></trackList></playlist>`,
    'pls.mp3': `[playlist]\nFile1=${host}/pls.mp3\nNumberOfEntries=1\n`,
    'asx.wmv': `<asx version="3.0"><entry><ref href="${host}/asx.wmv"/></entry></asx>`,
    'reference.asf': `[Reference]\r\nRef1=${host}/ref.wmv\r\n`,
    'rtsp link.mov': `RTSPtext\nrtsp://${address}/x\n`,
    'subtitles of another file.mkv': `# VobSub index file, v7\nid: en, index: 0\n`,
    'list of pictures.mp4': 'picture-%05d.png\n',
    'reference movie.mov': box(
      'moov',
      box('rmra', box('rmda', box('rdrf', Buffer.concat([Buffer.alloc(4), url(`${host}/movie.mov`)])))),
    ),
  }
}

export interface Trap {
  readonly canaryPath: string
  readonly host: string
  /** The requests that reached the host, and whether the canary was read, since {@link openTrap}. */
  sprung(): Promise<readonly string[]>
  close(): void
}

/**
 * A host that counts every visitor, by TCP and by UDP on the same port, and a file that everybody may read,
 * so that it is not only by its rights that FFmpeg leaves it alone.
 *
 * @param canary - a file that would play if a disguise got through
 */
export async function openTrap(canary: string): Promise<Trap> {
  // Not in the folder for temporary files that a test run has for itself, where only its user has a way to.
  const folder = await mkdtemp('/tmp/sluice-canary-')
  await chmod(folder, 0o755)
  const canaryPath = join(folder, 'canary.ts')
  await writeFile(canaryPath, await readFile(canary), { mode: 0o644 })
  // The time of the last reading moves on only when it lies before that of the last writing.
  await utimes(canaryPath, new Date(0), new Date())
  const visits: string[] = []
  const server = createServer((request, response) => {
    visits.push(request.url ?? '')
    response.end()
  })
  server.on('connection', () => void visits.push('a connection'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  const udp = createSocket('udp4', () => void visits.push('a datagram'))
  await new Promise<void>((resolve) => udp.bind(port, '127.0.0.1', resolve))
  return {
    canaryPath,
    host: `http://127.0.0.1:${port}`,
    async sprung() {
      const wasRead = (await stat(canaryPath)).atimeMs > 0
      return wasRead ? [...visits, 'the canary was read'] : visits
    },
    close() {
      server.close()
      udp.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** A box of an MP4 file. */
export function box(type: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(8 + content.length)
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, content])
}

/** A data reference of QuickTime. */
function url(address: string): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(address.length + 1)
  return Buffer.concat([Buffer.from('url '), length, Buffer.from(`${address}\0`)])
}

/** An ID3v2 tag that holds `bytes` zeros. */
function id3(bytes: number): Buffer {
  const size = [21, 14, 7, 0].map((shift) => (bytes >> shift) & 0x7f)
  return Buffer.concat([Buffer.from([0x49, 0x44, 0x33, 4, 0, 0, ...size]), Buffer.alloc(bytes)])
}
