/** Real clients that upload without end, and what each was told of each upload. @module */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CLIENT_NAMES, createClient, ensureClient } from '../helpers/s3-clients.ts'
import { random } from '../helpers/seed.ts'
import { sha256Hex } from '../helpers/sha256.ts'
import type { TestStack } from '../helpers/stack.ts'

export interface Upload {
  readonly client: string
  readonly key: string
  readonly sha256: string
  /** The client ended well: it counts as done. Else it may be there or not. */
  readonly isAcknowledged: boolean
}

/** Keys that all clients overwrite. */
export const SHARED_KEYS = ['shared/a.bin', 'shared/b.bin', 'shared/c.bin']
/** The largest are sent in parts by some clients. */
const SIZES_BYTES = [0, 1, 1_000, 70_000, 900_000, 6 * 1_024 * 1_024]

/** Uploads until `signal`; every upload that was begun, also those that failed. */
export async function uploadUntil(stack: TestStack, signal: AbortSignal): Promise<readonly Upload[]> {
  const uploads: Upload[] = []
  await Promise.all(
    CLIENT_NAMES.map(async (name) => {
      const program = await ensureClient(name)
      if (!program) return
      const client = await createClient(name, program, stack)
      const choose = random(`uploads of ${name}`)
      for (let count = 0; !signal.aborted; count++) {
        const body = randomBytes(choose.pick(SIZES_BYTES))
        const key = choose.below(5) === 0 ? choose.pick(SHARED_KEYS) : `${name}/${count}.bin`
        const path = join(stack.dir, `chaos-${name}`)
        await writeFile(path, body)
        const isAcknowledged = await client.put(path, key).then(
          () => true,
          () => false,
        )
        uploads.push({ client: name, key, sha256: sha256Hex(body), isAcknowledged })
      }
    }),
  )
  return uploads
}
