/** Whether the FFmpeg on this machine receives streams: for `sluice doctor`. @module */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort, type Environment, type ToolCheck } from '../../runtime/index.ts'
import { ffmpegBinaries } from '../ffmpeg/build/binaries.ts'
import { GUARDED_ENVIRONMENT } from '../ffmpeg/sandbox/sandbox.ts'
import { abilities } from './abilities.ts'
import { startTake } from './take.ts'

const REPAIR = ['sudo apt-get install ffmpeg']
const KEY = 'doctor?key=self-test'
const NONCE = '0123456789abcdef'
const SELF_TEST_MS = 20_000
const DIAL_MS = 200

/** Nothing is said where FFmpeg itself is missing: that has a check of its own. */
export async function checkReception(env: Environment): Promise<readonly ToolCheck[]> {
  const found = await abilities().catch(() => undefined)
  if (!found) return []
  return [srtCheck(found.hasSrt, env), await gateCheck()]
}

function srtCheck(hasSrt: boolean, env: Environment): ToolCheck {
  const check = 'streams over SRT'
  if (hasSrt) return { check, status: 'ok', found: 'this FFmpeg has it' }
  const isAsked = !['', '[]'].includes(env['SLUICE_SRT']?.trim() ?? '')
  return {
    check,
    status: isAsked ? 'fail' : 'ok',
    found: 'this FFmpeg has no SRT: it neither listens nor pulls over it',
    ...(isAsked && { repair: [...REPAIR, 'unset SLUICE_SRT'] }),
  }
}

/** Sends a stream to ourselves: only a build that prints the stream key in the words that we know can check it. */
async function gateCheck(): Promise<ToolCheck> {
  const check = 'streams over RTMP'
  const folder = await mkdtemp(join(tmpdir(), 'sluice-gate-'))
  try {
    const key = await keyOfSelfTest(folder)
    if (key === KEY) return { check, status: 'ok', found: 'this FFmpeg says which stream key a sender gives' }
    const found = 'this FFmpeg does not say which stream key a sender gives, so all senders are refused'
    return { check, status: 'fail', found, repair: [...REPAIR, 'export SLUICE_RTMP_PORT=0'] }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { check, status: 'warn', found: `could not be tried: ${reason}` }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function keyOfSelfTest(folder: string): Promise<string | undefined> {
  const port = await freePort()
  let key: string | undefined
  const sent = new AbortController()
  const take = await startTake({
    input: { door: 'rtmp', port, nonce: NONCE },
    folder,
    format: 'mpegts',
    pieceSeconds: 1,
    onPiece: () => {},
    onSenderKey: (given) => {
      key = given
      sent.abort()
    },
  })
  void take.ended.then(() => sent.abort())
  const deadline = setTimeout(() => sent.abort(), SELF_TEST_MS)
  try {
    // The listener needs a moment, and the build of 2018 does not wait for one.
    while (!sent.signal.aborted) {
      await send(port, sent.signal)
      await pause(DIAL_MS)
    }
  } finally {
    clearTimeout(deadline)
    take.kill()
    await take.ended
  }
  return key
}

/** Resolves when this try is over, however it ended: the key says whether it came through. */
async function send(port: number, signal: AbortSignal): Promise<void> {
  const words =
    '-hide_banner -nostdin -loglevel error -re -f lavfi -i color=size=16x16:rate=5 -t 2 -c:v flv -f flv'
  const { ffmpegPath } = await ffmpegBinaries()
  await promisify(execFile)(ffmpegPath, [...words.split(' '), `rtmp://127.0.0.1:${port}/live/${KEY}`], {
    env: GUARDED_ENVIRONMENT,
    signal,
    killSignal: 'SIGKILL',
    timeout: SELF_TEST_MS,
  }).catch(() => {})
}
