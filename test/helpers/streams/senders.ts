/** Other people's programs that send a stream: FFmpeg, GStreamer, curl. @module */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { tmpdir } from 'node:os'
import type { Writable } from 'node:stream'
import { waitUntilSuspended } from '../suspend.ts'

export interface SenderEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** What it printed, both streams. */
  readonly said: string
}

export interface Sender {
  readonly child: ChildProcess
  /** Resolves when it has ended, however it did. */
  readonly ended: Promise<SenderEnd>
  /** What it has printed so far. */
  said(): string
  /** Stands still, as a machine or a network does that hangs; its connections stay open. */
  stall(): void
  resume(): void
  /** Dies without a farewell: the kernel closes its connections. */
  die(): Promise<SenderEnd>
}

const running = new Set<ChildProcess>()

/** Ends all that still run; to be called in `afterEach` or `afterAll`. */
export function endSenders(): void {
  for (const child of running) child.kill('SIGKILL')
}

/** @param output - gets its standard output, which is not kept then */
export function startSender(program: string, args: readonly string[], output?: Writable | null): Sender {
  const child = spawn(program, [...args], { stdio: ['pipe', 'pipe', 'pipe'], env: senderEnv() })
  // Its end closes the pipe before all was written.
  child.stdin.on('error', () => undefined)
  running.add(child)
  let said = ''
  if (output) child.stdout.pipe(output)
  for (const stream of output ? [child.stderr] : [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  const ended = (async (): Promise<SenderEnd> => {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
    running.delete(child)
    return { code, signal, said }
  })()
  return {
    child,
    ended,
    said: () => said,
    stall() {
      child.kill('SIGSTOP')
      if (child.pid !== undefined) waitUntilSuspended(child.pid)
    },
    resume: () => void child.kill('SIGCONT'),
    die() {
      child.kill('SIGKILL')
      return ended
    },
  }
}

/** Resolves when the sender has sent everything. @throws {Error} with its own words when it failed */
export async function sentAll(sender: Sender): Promise<void> {
  const { code, signal, said } = await sender.ended
  if (code !== 0) throw new Error(`the sender ended with ${code ?? signal}: ${said.slice(-2_000)}`)
}

/** Without GCONV_PATH the embedded FFmpeg crashes on MPEG-TS. GStreamer makes its HOME, and other tests need /nonexistent not to be there. */
function senderEnv(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: tmpdir(), LANG: 'C.UTF-8', GCONV_PATH: '/nonexistent' }
}

export interface Film {
  readonly path: string
  /** From where on, in whole seconds at which a keyframe is. @defaultValue 0 */
  readonly fromSeconds?: number
  /** @defaultValue to its end */
  readonly seconds?: number
  /** At the speed of the film, as a camera; otherwise as fast as the receiver takes it. */
  readonly isRealTime?: boolean
  /** How often it is sent again after the first time, without a break. @defaultValue 0 */
  readonly loops?: number
  /** It says `frame=N` twice a second: {@link picturesSaid}. */
  readonly tellsProgress?: boolean
}

/** FFmpeg's arguments before those of the output. */
export function filmArgs({
  path,
  fromSeconds = 0,
  seconds,
  isRealTime = false,
  tellsProgress = false,
  loops = 0,
}: Film): readonly string[] {
  return [
    '-hide_banner',
    '-nostdin',
    '-loglevel',
    'warning',
    ...(isRealTime ? ['-re'] : []),
    ...(tellsProgress ? ['-progress', 'pipe:1'] : []),
    ...(loops > 0 ? ['-stream_loop', String(loops)] : []),
    ...(fromSeconds > 0 ? ['-ss', String(fromSeconds)] : []),
    '-i',
    path,
    ...(seconds === undefined ? [] : ['-t', String(seconds)]),
    '-map',
    '0',
    '-c',
    'copy',
  ]
}

/** The FFmpeg of 2018 does not convert sound from MPEG-TS by itself. */
const FOR_FLV = ['-bsf:a', 'aac_adtstoasc']

/** How many pictures the sender says it has sent. */
export function picturesSaid(sender: Sender): number {
  const [, count] = [...sender.said().matchAll(/^frame=(\d+)$/gm)].at(-1) ?? []
  return Number(count ?? 0)
}

export interface Target {
  readonly name: string
  readonly key: string
  readonly port: number
}

/** `PUT` by FFmpeg, as `ffmpeg … -method PUT http://…`. @param format - that a pipe can carry */
export function putByFfmpeg(ffmpeg: string, film: Film, target: Target, format = 'mpegts'): Sender {
  const url = `http://127.0.0.1:${target.port}/v1/streams/${target.name}`
  const headers = `Authorization: Bearer ${target.key}\r\n`
  const output = ['-f', format, '-method', 'PUT', '-headers', headers, url]
  return startSender(ffmpeg, [...filmArgs(film), ...(format === 'flv' ? FOR_FLV : []), ...output])
}

/** RTMP as encoders have it: a server `rtmp://host/live` and a stream key `name?key=SECRET`. */
export function rtmpByFfmpeg(ffmpeg: string, film: Film, target: Target): Sender {
  return startSender(ffmpeg, [...filmArgs(film), ...FOR_FLV, '-f', 'flv', rtmpUrl(target)])
}

export function rtmpUrl({ name, key, port }: Target): string {
  return `rtmp://127.0.0.1:${port}/live/${name}?key=${key}`
}

/** @param target - its key is the passphrase */
export function srtByFfmpeg(ffmpeg: string, film: Film, target: Target): Sender {
  const url = `srt://127.0.0.1:${target.port}?passphrase=${target.key}&pkt_size=1316`
  return startSender(ffmpeg, [...filmArgs(film), '-f', 'mpegts', url])
}

/** `curl -T -`: it says what it was told, the body and then the status. */
export function putByCurl(
  curl: string,
  target: Target,
  { tells = '%{http_code}' }: { readonly tells?: string } = {},
): Sender {
  const url = `http://127.0.0.1:${target.port}/v1/streams/${target.name}`
  const header = `Authorization: Bearer ${target.key}`
  const words = ['--silent', '--show-error', '--max-time', '600', '--write-out', `\n${tells}`]
  return startSender(curl, [...words, '-H', header, '-T', '-', url])
}

/** Feeds a sender that reads its standard input from a file, from a byte on, and ends it. */
export function feedFile(sender: Sender, path: string, start = 0): void {
  if (sender.child.stdin) createReadStream(path, { start }).pipe(sender.child.stdin)
}

/** GStreamer in place of FFmpeg, as a sender that shares none of its code. */
export function rtmpByGstreamer(launch: string, path: string, target: Target): Sender {
  return startSender(
    launch,
    gstreamerArgs(path, `flvmux name=mux streamable=true ! rtmp2sink sync=false location=${rtmpUrl(target)}`),
  )
}

export function srtByGstreamer(launch: string, path: string, target: Target): Sender {
  const uri = `srt://127.0.0.1:${target.port}?mode=caller&passphrase=${target.key}`
  return startSender(
    launch,
    gstreamerArgs(path, `mpegtsmux name=mux alignment=7 ! srtsink uri="${uri}" wait-for-connection=true`),
  )
}

function gstreamerArgs(path: string, output: string): readonly string[] {
  const pipeline =
    `filesrc location=${path} ! tsdemux name=in ` +
    `in. ! queue ! h264parse ! mux. in. ! queue ! aacparse ! mux. ${output}`
  return ['--quiet', '-e', ...pipeline.split(' ')]
}
