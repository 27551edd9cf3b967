/** A function that reads its source as tools do. Loaded through SLUICE_FUNCTIONS_FILE. @module */
import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { defineFunction } from '../../runtime/index.ts'
import { sleep } from '../../runtime/time.ts'

const PAUSE_AT_BYTES = 8 * 1024 * 1024
const PAUSE_MS = 4_000

/** What it finds behind the URL that a tool would be given. Below `digest/pause/` it rests on the way. */
const digest = defineFunction(
  { name: 'digest', version: '1', on: { bucket: 'incoming', match: ['digest/**'] } },
  async (c) => {
    const { source, scratch, signal, event } = c.var
    const url = await source.input()
    const tail = await fetch(url, { headers: { range: 'bytes=-1000' }, signal })
    const tailHex = Buffer.from(await tail.arrayBuffer()).toString('hex')
    const hash = createHash('sha256')
    let readBytes = 0
    let hasPaused = !event.key.startsWith('digest/pause/')
    for await (const bytes of (await fetch(url, { signal })).body ?? []) {
      hash.update(bytes)
      readBytes += bytes.length
      if (hasPaused || readBytes < PAUSE_AT_BYTES) continue
      hasPaused = true
      await sleep(PAUSE_MS, signal)
    }
    const head = await source.bytes(0, 4)
    return c.json({
      sha256: hash.digest('hex'),
      tailHex,
      headHex: head.toString('hex'),
      isWhole: readBytes === event.sizeBytes,
      scratch: await readdir(scratch),
    })
  },
)

export const functions = [digest]
