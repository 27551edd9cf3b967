/** Puts an object of each size, small and large, to the endpoint in the environment, and reads it back; prints how it went. @module */
import { createHash, randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { setImmediate as turn } from 'node:timers/promises'
import { createStorage } from '../../../runtime/storage/client.ts'
import { createRequester } from '../../../runtime/storage/request.ts'
import { sha256Hex } from '../../helpers/sha256.ts'

const [endpoint = '', accessKey = '', secretKey = '', path = ''] = process.argv.slice(2)
const options = { endpoint, region: 'us-east-1', credentials: { accessKey, secretKey }, retries: 0 }
const storage = createStorage(options)
const requester = createRequester(options)

/** Of an object's own bytes, as tools get them; 'not poured' when the ordinary request would have been made. */
async function pouredSha256(key: string): Promise<string> {
  const headers = { range: 'bytes=0-' }
  const poured = await requester.pour({ method: 'GET', bucket: 'plain', key, headers })
  if (!poured) return 'not poured'
  const hash = createHash('sha256')
  for await (const step of poured.steps) {
    // More may come before the step is used.
    await turn()
    hash.update(step)
  }
  return hash.digest('hex')
}

try {
  await storage.put('plain', 'small', { bytes: Buffer.from('small') }, { contentType: 'text/plain' })
  const bytes = randomBytes(2_000_000)
  await writeFile(path, bytes)
  const file = { path, sizeBytes: bytes.length, sha256Hex: sha256Hex(bytes) }
  await storage.put('plain', 'large', file, { contentType: 'text/plain' })
  const { body } = await storage.get('plain', 'large')
  const text = await storage.readText('plain', 'small')
  const largeBytes = (await buffer(body)).length
  const isPouredWhole = (await pouredSha256('large')) === file.sha256Hex
  process.stdout.write(JSON.stringify({ text: text?.text, largeBytes, isPouredWhole }))
} catch (error) {
  process.stdout.write(JSON.stringify({ code: (error as { code?: string }).code }))
} finally {
  storage.close()
  requester.close()
}
