/** Puts an object of each size, small and large, to the endpoint in the environment, and reads it back; prints how it went. @module */
import { writeFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { createStorage } from '../../../runtime/storage/client.ts'
import { sha256Hex } from '../../helpers/sha256.ts'

const [endpoint = '', accessKey = '', secretKey = '', path = ''] = process.argv.slice(2)
const storage = createStorage({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKey, secretKey },
  retries: 0,
})
try {
  await storage.put('plain', 'small', { bytes: Buffer.from('small') }, { contentType: 'text/plain' })
  const bytes = Buffer.alloc(2_000_000, 'large')
  await writeFile(path, bytes)
  const file = { path, sizeBytes: bytes.length, sha256Hex: sha256Hex(bytes) }
  await storage.put('plain', 'large', file, { contentType: 'text/plain' })
  const { body } = await storage.get('plain', 'large')
  const text = await storage.readText('plain', 'small')
  process.stdout.write(JSON.stringify({ text: text?.text, largeBytes: (await buffer(body)).length }))
} catch (error) {
  process.stdout.write(JSON.stringify({ code: (error as { code?: string }).code }))
} finally {
  storage.close()
}
