/** Endpoints other than an IPv4 address over plain HTTP: small calls, files and streams reach each. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createSecureServer } from 'node:tls'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { bucketClient, enableVersioning, makeBucket } from '../../runtime/setup/minio/buckets.ts'
import { useStore } from '../helpers/store.ts'

const run = promisify(execFile)
const store = useStore({ plain: ['plain'] })
const SCRIPT = join(import.meta.dirname, 'storage-endpoint', 'round-trip.ts')
const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((each) => each?.address === '::1')
const WHOLE = { text: 'small', largeBytes: 2_000_000, isPouredWhole: true }

let dir: string
const servers: Server[] = []

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-endpoint-'))
})

afterAll(async () => {
  for (const server of servers) server.close()
  await rm(dir, { recursive: true, force: true })
})

/** Passes connections on to MinIO. */
function relay(socket: Socket): void {
  const upstream = connect(store.minio.port, '127.0.0.1')
  for (const [from, to] of [
    [socket, upstream],
    [upstream, socket],
  ] as const) {
    from.pipe(to)
    from.on('error', () => to.destroy())
  }
}

async function portOf(server: Server, host: string): Promise<number> {
  servers.push(server)
  server.listen(0, host)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function roundTrip(endpoint: string, env: Record<string, string> = {}): Promise<unknown> {
  const { rootUser, rootPassword } = store.minio
  const words = ['--import', 'tsx', SCRIPT, endpoint, rootUser, rootPassword, join(dir, 'large')]
  const { stdout } = await run(process.execPath, words, { env: { ...process.env, ...env } })
  return JSON.parse(stdout)
}

it.skipIf(!hasIpv6)('an IPv6 address is reached, also by setup', async () => {
  const port = await portOf(createServer(relay), '::1')
  const endpoint = `http://[::1]:${port}`
  const client = await bucketClient({ ...store.options, endpoint })
  await makeBucket(store.requester, client, 'made')
  expect(await enableVersioning(store.requester, client, 'made')).toBe(true)
  expect(await roundTrip(endpoint)).toEqual(WHOLE)
})

it('a store behind TLS is reached with its private authority in NODE_EXTRA_CA_CERTS, and refused without', async () => {
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  await run('openssl', [...words, '-keyout', key, '-out', cert, '-days', '2', ...subject])
  const options = { key: await readFile(key), cert: await readFile(cert) }
  const port = await portOf(createSecureServer(options, relay), '127.0.0.1')
  expect(await roundTrip(`https://127.0.0.1:${port}`, { NODE_EXTRA_CA_CERTS: cert })).toEqual(WHOLE)
  expect(await roundTrip(`https://127.0.0.1:${port}`)).toEqual({ code: expect.stringMatching(/CERT|SIGNED/) })
})
