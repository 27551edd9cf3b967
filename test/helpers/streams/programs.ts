/**
 * Programs of other people that stream tests use: installed by the system's package manager where they are missing. One that
 * cannot be had on this machine is said and undefined; its tests are then skipped, which the count of a run shows.
 * @module
 */
import { execFile } from 'node:child_process'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { promisify } from 'node:util'
import { progress } from '../../../infra/local/terminal.ts'
import { messageOf } from '../../../runtime/errors.ts'
import { MINUTE_MS } from '../../../runtime/time.ts'
import { CADDY, systemPackage, systemTool } from '../checkers.ts'

const run = promisify(execFile)

/** Debian's, since it has H.264. */
export function chromium(): Promise<string | undefined> {
  const names = { 'apt-get': 'chromium', dnf: 'chromium', apk: 'chromium' }
  return ifItCanBeHad(systemTool('chromium', { title: 'Chromium', names }))
}

export function curl(): Promise<string | undefined> {
  const names = { 'apt-get': 'curl', dnf: 'curl', apk: 'curl', brew: 'curl' }
  return ifItCanBeHad(systemTool('curl', { title: 'curl', names }))
}

/** One element of each package that the tests' pipelines need. */
const ELEMENTS = {
  'gstreamer1.0-plugins-base': 'tcpserversrc',
  'gstreamer1.0-plugins-good': 'flvmux',
  'gstreamer1.0-plugins-bad': 'rtmp2sink',
} as const

/** `gst-launch-1.0`, with the elements for MPEG-TS, FLV, RTMP and SRT. */
export function gstreamer(): Promise<string | undefined> {
  return ifItCanBeHad(installGstreamer())
}

/** Debian's Python with the bindings of GStreamer's RTSP server. */
export function rtspServer(): Promise<string | undefined> {
  const title = "GStreamer's RTSP server"
  const names = { 'apt-get': 'gir1.2-gst-rtsp-server-1.0' }
  const installed = installGstreamer()
    .then(() =>
      systemPackage(() => pythonWith('gi'), { title: 'Python with gi', names: { 'apt-get': 'python3-gi' } }),
    )
    .then(() => systemPackage(findRtspServer, { title, names }))
  return ifItCanBeHad(installed)
}

const SYSTEM_PYTHON = '/usr/bin/python3'

function findRtspServer(): Promise<string | undefined> {
  return pythonWith("gi; gi.require_version('GstRtspServer', '1.0')")
}

async function pythonWith(words: string): Promise<string | undefined> {
  return run(SYSTEM_PYTHON, ['-c', `import ${words}`], { timeout: MINUTE_MS }).then(
    () => SYSTEM_PYTHON,
    () => undefined,
  )
}

export function caddy(): Promise<string | undefined> {
  return ifItCanBeHad(systemTool('caddy', CADDY))
}

async function installGstreamer(): Promise<string> {
  const names = { 'apt-get': 'gstreamer1.0-tools' }
  const launch = await systemTool('gst-launch-1.0', { title: 'GStreamer', names })
  for (const [name, element] of Object.entries(ELEMENTS))
    await systemPackage(() => findElement(element), {
      title: `the element ${element} of GStreamer`,
      names: { 'apt-get': name },
    })
  return launch
}

async function findElement(element: string): Promise<string | undefined> {
  const isThere = await run('gst-inspect-1.0', ['--exists', element], { timeout: MINUTE_MS }).then(
    () => true,
    () => false,
  )
  return isThere ? element : undefined
}

function ifItCanBeHad(installed: Promise<string>): Promise<string | undefined> {
  return installed.catch((error: unknown) => {
    progress(messageOf(error))
    return undefined
  })
}

/** The FFmpeg of the receiver that has the take of this stream, found by its working folder. Linux only. */
export async function ffmpegOfStream(name: string): Promise<number | undefined> {
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const folder = await readlink(`/proc/${pid}/cwd`).catch(() => '')
    const program = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')
    if (folder.includes(`/${name}/`) && program.startsWith('ffmpeg')) return Number(pid)
  }
  return undefined
}
