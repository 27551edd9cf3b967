/**
 * The SRT door: FFmpeg itself listens, on one UDP port for each stream, for one sender after another. The passphrase is the key, and
 * encrypts; a sender with another one is refused by FFmpeg, which keeps listening.
 * @module
 */
import { readFile } from 'node:fs/promises'
import { ConfigError, messageOf } from '../../errors.ts'
import type { SrtDoor } from '../../settings/streams.ts'
import { SECOND_MS, sleep } from '../../time.ts'
import type { OpenDoor } from './door.ts'
import { startEarlyTake, type EarlyParts } from './early-take.ts'
import { receiveEarly } from './early-reception.ts'

/** Of a sender that has sent, the silence is ours to tell. */
const PATIENCE = 2
/** Between a listener that failed and the next one. */
const AGAIN_MS = SECOND_MS

/**
 * @param ffmpeg - the build, for messages
 * @throws {ConfigError} when this build has no SRT, or a passphrase cannot be used
 */
export async function openSrtDoors(
  parts: EarlyParts,
  { hasSrt, ffmpeg }: { readonly hasSrt: boolean; readonly ffmpeg: string },
): Promise<readonly OpenDoor[]> {
  const { srt } = parts.settings
  if (srt.length > 0 && !hasSrt)
    throw new ConfigError([
      `SLUICE_SRT: FFmpeg ${ffmpeg} has no SRT: set FFMPEG_PATH and FFPROBE_PATH to a build that has it (\`ffmpeg -protocols\` lists srt)`,
    ])
  const passphrases = await Promise.all(srt.map(readPassphrase))
  return srt.map((door, index) => openSrtDoor(parts, door, passphrases[index] ?? ''))
}

/** @throws {ConfigError} that does not have the passphrase */
async function readPassphrase({ name, passphraseFile }: SrtDoor): Promise<string> {
  const text = await readFile(passphraseFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError([`SLUICE_SRT: ${name}: ${passphraseFile} cannot be read (${error.code})`])
  })
  // Editors and `echo` end a file with a new line.
  const passphrase = text.replace(/\r?\n$/, '')
  if (!/^[\x20-\x7e]{10,79}$/.test(passphrase))
    throw new ConfigError([
      `SLUICE_SRT: ${name}: the passphrase in ${passphraseFile} must have 10 to 79 characters: ASCII`,
    ])
  return passphrase
}

function openSrtDoor(parts: EarlyParts, { name, port }: SrtDoor, passphrase: string): OpenDoor {
  const { log } = parts
  const closing = new AbortController()
  const { signal } = closing

  async function listen(): Promise<void> {
    while (!signal.aborted) {
      try {
        await receiveOne(parts, { name, port, passphrase, signal })
      } catch (error) {
        log.error(
          { stream: name, port, error: messageOf(error) },
          'an SRT listener failed; starting it again',
        )
      }
      await sleep(AGAIN_MS, signal)
    }
  }

  log.info({ stream: name, port }, 'receiving a stream over SRT')
  const ended = listen()
  return {
    port,
    async close() {
      closing.abort()
      // A take that was admitted is cut by the reception.
      await Promise.race([ended, sleep(0)])
    },
    closeAll: () => Promise.resolve(),
  }
}

interface Listener extends Pick<SrtDoor, 'name' | 'port'> {
  readonly passphrase: string
  readonly signal: AbortSignal
}

async function receiveOne(parts: EarlyParts, { name, port, passphrase, signal }: Listener): Promise<void> {
  const { settings, log } = parts
  let heard = () => {}
  const early = await startEarlyTake(parts, {
    input: { door: 'srt', host: settings.host, port, passphrase, patienceMs: PATIENCE * settings.stallMs },
    onMedia: () => heard(),
  })
  const stop = () => early.take.kill()
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  try {
    await early.firstMedia
  } finally {
    signal.removeEventListener('abort', stop)
  }
  if (signal.aborted || early.isSilent()) {
    const { lastLines } = await early.finish()
    if (!signal.aborted)
      log.warn({ stream: name, port, lastLines: lastLines.slice(-3) }, 'an SRT listener ended without media')
    return
  }
  const connection = await early.admit({
    name,
    door: 'srt',
    peer: `srt port ${port}`,
    canWait: false,
    takesOver: false,
  })
  if ('kind' in connection) {
    log.warn({ stream: name, port, reason: connection.reason }, `a sender was refused: ${connection.message}`)
    early.take.kill()
    await early.finish()
    return
  }
  await receiveEarly(parts, {
    early,
    connection,
    listen(listener) {
      heard = listener
    },
    hangUp: () => early.take.kill(),
  })
}
