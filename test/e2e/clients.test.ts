/** Every client uploads with the account of an uploader, whose rights are few: all of its bytes arrive, and each upload is one run. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  CLIENT_NAMES,
  createClient,
  ensureClient,
  type ClientName,
  type S3Client,
} from '../helpers/s3-clients.ts'
import { sha256Hex } from '../helpers/sha256.ts'
import { useAnyStack } from '../helpers/told.ts'

const MIB = 1024 * 1024
/** Above this many bytes the client sends a file in parts: its own default, except that of rclone, which is 200 MiB. */
const PART_LIMITS: Readonly<Record<ClientName, number>> = {
  mc: 16 * MIB,
  rclone: 5 * MIB,
  s3cmd: 15 * MIB,
  aws: 8 * MIB,
  boto3: 8 * MIB,
}
const HARD_NAMES = [
  ' leading',
  'trailing ',
  'a+b',
  '100%',
  'a%2Fb',
  'a#b?c&d=e',
  `it's "quoted"`,
  'back\\slash',
  '-dash',
  '0123',
  'emoji 🎬',
  'caf\u00e9',
  'cafe\u0301',
  'sub folder/.hidden',
  'line\nbreak',
]
/** It writes `^J` in place of a line break, and says so. */
const isSpoilt = (client: ClientName, name: string) => client === 's3cmd' && name.includes('\n')

const used = useAnyStack()
const clients = new Map<ClientName, S3Client>()
/** No two parts of it are alike. */
const bytes = Buffer.alloc(17 * MIB)
const sent: string[] = []
let folder: string

beforeAll(async () => {
  for (const name of CLIENT_NAMES) {
    const program = await ensureClient(name)
    if (program) clients.set(name, await createClient(name, program, used.stack))
  }
  for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(at, at)
  folder = await mkdtemp(join(tmpdir(), 'sluice-clients-'))
  for (const client of CLIENT_NAMES) {
    for (const name of HARD_NAMES.filter((name) => !isSpoilt(client, name))) {
      const path = join(folder, client, name)
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, name)
    }
  }
}, 600_000)
afterAll(() => rm(folder, { recursive: true }))

describe.each(CLIENT_NAMES)('%s', (name) => {
  let client: S3Client

  beforeEach(({ skip }) => {
    const found = clients.get(name)
    if (!found) skip(`${name} is not here and cannot be installed`)
    else client = found
  })

  it.each([
    { what: 'nothing', size: 0, isParted: false },
    { what: 'one byte', size: 1, isParted: false },
    { what: 'what just fits into one request', size: PART_LIMITS[name] - 1, isParted: false },
    { what: 'what needs parts', size: PART_LIMITS[name] + 1, isParted: true },
  ])('sends $what', async ({ size, isParted }) => {
    const [path, key] = [join(folder, `${name}-${size}`), `${name}/sizes/${size}.bin`]
    const body = bytes.subarray(0, size)
    await writeFile(path, body)
    await client.put(path, key)
    sent.push(key)
    await used.onlyRun(key)
    const { manifest, ...told } = await used.told(key)
    expect(told).toEqual({ key, bytes: size, sha256: sha256Hex(body), note: '' })
    expect(manifest.source).toMatchObject({ key, sizeBytes: size })
    expect(/-\d+$/.test(manifest.source.etag)).toBe(isParted)
  })

  it('sends what is piped into it', async () => {
    const key = `${name}/piped.txt`
    await client.pipe('from a pipe', key)
    sent.push(key)
    await used.onlyRun(key)
    expect(await used.told(key)).toMatchObject({ key, sha256: sha256Hex('from a pipe') })
  })

  it('sends metadata, which are the options of the run', async () => {
    const [path, key] = [join(folder, `${name}-noted`), `${name}/noted.txt`]
    await writeFile(path, 'noted')
    await client.put(path, key, 'with care')
    sent.push(key)
    await used.onlyRun(key)
    expect((await used.told(key)).manifest.options).toMatchObject({ note: 'with care' })
  })

  it('sends a folder, and each name arrives as it is', async () => {
    await client.mirror(join(folder, name), `${name}/folder`)
    for (const file of HARD_NAMES.filter((file) => !isSpoilt(name, file))) {
      const key = `${name}/folder/${file}`
      sent.push(key)
      await used.onlyRun(key)
      expect(await used.told(key)).toMatchObject({
        key,
        sha256: sha256Hex(file),
        manifest: { source: { key } },
      })
    }
  })
})

it('has made one run of each upload, though every event came twice', async () => {
  expect(sent.length).toBeGreaterThan(0)
  expect(await used.notDoneOnce(sent)).toEqual([])
})
