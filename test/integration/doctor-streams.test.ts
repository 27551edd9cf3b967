/** `sluice doctor` on a machine that receives streams. */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { failureOf, UPLOADER, useExamined } from './doctor-servers.ts'

const examined = useExamined()
let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-spool-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const examine = (changed: Record<string, string> = {}) =>
  examined.examine({ ...examined.streamsEnv(dir), ...changed }, '--no-probe')

/** With a receiver that answers so. */
async function examineBeside(health: unknown) {
  const receiver = createServer((_, response) => response.end(JSON.stringify(health))).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  const { port } = receiver.address() as AddressInfo
  const examination = await examine({ SLUICE_STREAMS_PORT: String(port) })
  receiver.close()
  return examination
}

it('finds the account, the spool and a receiver that is ready', async () => {
  const { of, findings } = await examineBeside({ status: 'ok', bodyLimitMs: 0 })
  expect(of('fail')).toEqual(['runtime: API'])
  expect(of('ok')).toEqual(expect.arrayContaining(['accounts: streams account', 'streams: receiver']))
  expect(findings.find(({ check }) => check === 'spool')?.found).toMatch(/of a stream of 5 Mbit\/s while/)
})

describe('names what is wrong, with the line that repairs it:', () => {
  it.each([
    { name: 'a receiver that is away', env: { SLUICE_STREAMS_PORT: '2' }, finding: 'streams: receiver' },
    {
      name: 'a spool that cannot be',
      env: { SLUICE_STREAMS_SPOOL_DIR: '/dev/null/x' },
      finding: 'streams: spool',
    },
    {
      name: 'an account with too few rights',
      env: { MINIO_STREAMS_ACCESS_KEY: UPLOADER.accessKey, MINIO_STREAMS_SECRET_KEY: UPLOADER.secretKey },
      finding: 'accounts: streams account',
    },
    {
      name: 'a wrong secret',
      env: { MINIO_STREAMS_SECRET_KEY: 'a-password' },
      finding: 'accounts: streams account',
    },
  ])('$name', async ({ env, finding }) => {
    const { findings, text } = await examine(env)
    expect(failureOf(findings, finding)?.repair?.length).toBeGreaterThan(0)
    expect(text).not.toContain('a-password')
  })
})

it('reports a receiver that ends bodies after a time, and another program at its port', async () => {
  for (const [health, found] of [
    [{ status: 'ok', bodyLimitMs: 300_000 }, /ends every stream after 5m/],
    [{ status: 'ok' }, /another program answers/],
  ] as const) {
    const { findings } = await examineBeside(health)
    expect(failureOf(findings, 'streams: receiver')?.found).toMatch(found)
  }
})

it('warns of a spool that other users can enter, and skips an account that is not given', async () => {
  await chmod(dir, 0o755)
  const { of } = await examine({ MINIO_STREAMS_ACCESS_KEY: '', MINIO_STREAMS_SECRET_KEY: '' })
  await chmod(dir, 0o700)
  expect(of('warn')).toContain('streams: spool folder')
  expect(of('skipped')).toContain('accounts: streams account')
})
