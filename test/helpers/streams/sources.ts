/** Servers of other people that streams are pulled from, each for one viewer: GStreamer for RTSP, FFmpeg for RTMP and SRT, Caddy for https. @module */
import { createServer } from 'node:net'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { waitFor } from '../wait.ts'
import { filmArgs, startSender, type Sender } from './senders.ts'

export interface Source {
  readonly url: string
  readonly server: Sender
}

const SOURCE_MS = 30_000

/** @param python - with the bindings of GStreamer's RTSP server */
export async function rtspSource(python: string, path: string, port: number): Promise<Source> {
  const server = startSender(python, [join(import.meta.dirname, 'rtsp-source.py'), String(port), path])
  await waitFor(async () => server.said().includes('ready'), {
    timeoutMs: SOURCE_MS,
    what: 'a server of RTSP',
  }).catch((error: Error) => {
    throw new Error(`${error.message}: ${server.said()}`, { cause: error })
  })
  return { url: `rtsp://viewer:secret@127.0.0.1:${port}/live`, server }
}

/** It listens as soon as it has started, which a connection would end: whoever pulls tries again. */
export function rtmpSource(ffmpeg: string, path: string, port: number): Source {
  const url = `rtmp://127.0.0.1:${port}/live/secret`
  const output = ['-bsf:a', 'aac_adtstoasc', '-f', 'flv', '-listen', '1', url]
  return { url, server: startSender(ffmpeg, [...filmArgs({ path, isRealTime: true }), ...output]) }
}

/** SRT is live: what comes faster than it plays is lost by the protocol. */
export function srtSource(ffmpeg: string, path: string, port: number): Source {
  const url = `srt://127.0.0.1:${port}?passphrase=secret-secret`
  const output = ['-f', 'mpegts', `${url}&mode=listener`]
  return { url, server: startSender(ffmpeg, [...filmArgs({ path, isRealTime: true }), ...output]) }
}

/** Serves a folder, with a certificate of its own making. */
export async function httpsSource(caddy: string, folder: string, port: number): Promise<Source> {
  const state = join(folder, '.caddy')
  await mkdir(state)
  const config = join(state, 'Caddyfile')
  await writeFile(
    config,
    `{\n\tadmin off\n\tskip_install_trust\n\tauto_https disable_redirects\n\tstorage file_system ${state}\n}\n` +
      `https://127.0.0.1:${port} {\n\tbind 127.0.0.1\n\ttls internal\n\troot * ${folder}\n\tfile_server\n}\n`,
  )
  const server = startSender(caddy, ['run', '--adapter', 'caddyfile', '--config', config])
  await waitFor(() => isTaken(port), { timeoutMs: SOURCE_MS, what: 'Caddy' }).catch((error: Error) => {
    throw new Error(`${error.message}: ${server.said()}`, { cause: error })
  })
  return { url: `https://127.0.0.1:${port}`, server }
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(true))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(false)))
  })
}
