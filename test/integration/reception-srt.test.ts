/** The SRT door of a receiver, where this machine's FFmpeg has SRT. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { abilities } from '../../functions/reception/abilities.ts'
import { findBinaries } from '../../functions/ffmpeg/build/binaries.ts'
import { freePort } from '../../infra/local/settings/ports.ts'
import { arrivedPictures } from '../helpers/streams/arrived.ts'
import { comparePictures, countOf } from '../helpers/streams/pictures.ts'
import { useReceiver } from '../helpers/streams/receiver.ts'
import { endSenders, srtByFfmpeg, startSender } from '../helpers/streams/senders.ts'
import { waitFor } from '../helpers/wait.ts'

const { hasSrt } = await abilities()
const { ffmpegPath } = await findBinaries(process.env)
const PASSPHRASE = 'a long passphrase'
/** A sender closes without waiting for the last packets. */
const LOST_AT_CLOSE = 10

describe.skipIf(!hasSrt)('a receiver of SRT', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-srt-'))
  const passphraseFile = join(folder, 'passphrase')
  writeFileSync(passphraseFile, `${PASSPHRASE}\n`)
  const port = await freePort()
  const used = useReceiver({
    SLUICE_STREAMS_RECONNECT: '2s',
    SLUICE_STREAMS_STALL: '5s',
    SLUICE_SRT: JSON.stringify([{ name: 'cam1', port, passphraseFile }]),
  })
  afterEach(endSenders)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('leaves a caller that has the passphrase and sends nothing', async () => {
    const url = `srt://127.0.0.1:${port}?mode=caller&passphrase=${PASSPHRASE}`
    // It receives, and so it sends nothing.
    const call = () => startSender(ffmpegPath, ['-nostdin', '-v', 'error', '-i', url, '-f', 'null', '-'])
    let silent = call()
    await waitFor(
      async () => {
        // The listener was not there yet.
        if (silent.child.exitCode !== null) silent = call()
        return /an SRT listener ended without media.*timed out/.test(await used.stack.runtime.tail())
      },
      { timeoutMs: 60_000, intervalMs: 500, what: 'the listener to leave its caller' },
    )
    expect(await used.keysOf('cam1')).toEqual([])
  })

  it('refuses another passphrase, and stores the pictures of a sender that has it', async () => {
    const film = { ...used.film, isRealTime: true }
    const wrong = srtByFfmpeg(ffmpegPath, film, { name: 'cam1', key: 'not the passphrase', port })
    expect((await wrong.ended).code).not.toBe(0)
    expect(await used.keysOf('cam1')).toEqual([])

    const right = srtByFfmpeg(ffmpegPath, film, { name: 'cam1', key: PASSPHRASE, port })
    expect(await right.ended).toMatchObject({ code: 0 })
    await used.ended('cam1')
    const compared = comparePictures(used.film.pictures, await arrivedPictures(used.stack.storage, 'cam1'))
    expect(compared).toMatchObject({ span: { from: 0 }, unknown: 0, doubled: [], backwards: 0 })
    expect(countOf(compared.lost)).toBeLessThanOrEqual(LOST_AT_CLOSE)
  })
})
