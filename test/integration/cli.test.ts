/** The command line against a whole stack: what a person asks and steers, and a doctor who finds it sound. */
import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Run } from '../../runtime/api/runs/model.ts'
import { toneWav } from '../../runtime/cli/doctor/probe-run.ts'
import type { Finding } from '../../runtime/cli/doctor/finding.ts'
import { listed } from '../helpers/listed.ts'
import { startTestStack, type TestStack } from '../helpers/stack.ts'
import { waitFor } from '../helpers/wait.ts'
import { sluice } from '../unit/cli/commands/fake-api.ts'

const ADMIN = 'admin-admin-admin-admin'
const READER = 'reader-reader-reader'
let stack: TestStack

beforeAll(async () => {
  stack = await startTestStack({ env: { SLUICE_TOKEN_ADMIN: ADMIN, SLUICE_TOKEN_READER: READER } })
})
afterAll(() => stack.stop())

/** Far from the runtime: only its address and a token are known. */
const remote = (token: string, ...words: string[]) =>
  sluice(words, { env: { SLUICE_API_URL: stack.apiUrl, SLUICE_TOKEN: token } })
const run = (...words: string[]) => remote(ADMIN, ...words)

async function upload(key: string, bytes: Buffer = toneWav()) {
  await stack.storage.put('incoming', key, { bytes }, { contentType: 'application/octet-stream' })
}

/** The run of `chunk` for a key when it is in this state. */
function runOf(key: string, status: Run['status']): Promise<Run> {
  return waitFor(
    async () => {
      const { out } = await run('runs', '--json', '--function', 'chunk', '--prefix', key)
      return (JSON.parse(out) as Run[]).find((one) => one.object.key === key && one.status === status)
    },
    { timeoutMs: 30_000, what: `${key} to be ${status}` },
  )
}

describe('what happened', () => {
  it('is the same in why, runs and show', async () => {
    await upload('told tone+1.wav')
    const { id } = await runOf('told tone+1.wav', 'succeeded')
    expect((await run('why', 'incoming/told tone+1.wav')).out).toContain(
      'processed/told tone+1.wav/chunk/manifest.json',
    )
    expect((await run('runs', '--status', 'succeeded')).out).toContain(id)
    expect((await run('show', id)).out).toMatch(/^status\tsucceeded$/m)
  })

  it('is explained for an object that never existed', async () => {
    const { code, out } = await run('why', 'incoming/never.mp4')
    expect(code).toBe(0)
    expect(out).toContain('does not exist')
  })
})

describe('steering', () => {
  it('reprocesses an object, and waits for its runs', async () => {
    await upload('again.wav')
    const { id } = await runOf('again.wav', 'succeeded')
    const ran = await run(
      'reprocess',
      'incoming/again.wav',
      '--function',
      'chunk',
      '--option',
      'seconds=1',
      '--wait-runs',
    )
    expect(ran).toMatchObject({ code: 0, out: expect.stringContaining('1 succeeded') })
    expect((await run('show', id)).out).toMatch(/^trigger\treprocess, epoch \d+$/m)
  })

  it('redrives a dead letter, which dies again, and refuses a run that is not one', async () => {
    await upload('text.wav', Buffer.from('no media at all'))
    const { id } = await runOf('text.wav', 'dead')
    const preview = await run('redrive', '--all', '--prefix', 'text', '--dry-run')
    expect(preview.out).toContain('incoming/text.wav')
    expect((await run('redrive', id)).code).toBe(0)
    await waitFor(async () => /trigger\tredrive/.test((await run('show', id)).out), {
      timeoutMs: 10_000,
      what: 'the run to have been redriven',
    })
    expect((await run('redrive', id.replace(/./g, '0'))).code).toBe(1)
  })

  it('pauses a function, cancels what waits, and resumes', async () => {
    await upload('waits.wav')
    await runOf('waits.wav', 'succeeded')
    expect((await run('pause', 'chunk')).out).toContain('chunk is paused')
    await run('reprocess', 'incoming/waits.wav', '--function', 'chunk')
    const { id } = await runOf('waits.wav', 'queued')
    expect((await run('cancel', id)).out).toContain('is cancelled')
    expect((await run('resume', 'chunk')).out).toContain('chunk is active')
    expect((await run('concurrency', 'chunk', '3')).out).toContain('3 attempts at a time')
    expect((await run('concurrency', 'chunk', 'default')).code).toBe(0)
  })

  it('is refused to a token that may only read', async () => {
    expect((await remote(READER, 'functions')).code).toBe(0)
    const refused = await remote(READER, 'pause', 'chunk')
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('set SLUICE_TOKEN') })
    expect((await remote('', 'functions')).err).toContain('set SLUICE_TOKEN')
  })
})

describe('doctor', () => {
  async function examine(accounts: Record<string, string>, ...words: string[]) {
    const env = { ...stack.env, PATH: `${dirname(stack.mc.program)}:${process.env['PATH']}`, ...accounts }
    const { code, out } = await sluice(['doctor', '--json', ...words], { env })
    return { code, findings: (JSON.parse(out) as { findings: Finding[] }).findings }
  }
  const found = (findings: readonly Finding[], check: string) =>
    findings.find((finding) => finding.check === check)
  const left = async () => {
    const buckets = ['incoming', 'processed', 'metadata']
    const all = await Promise.all(
      buckets.map((bucket) => listed(stack.storage.list(bucket, { versions: true }))),
    )
    return all.flat().filter(({ key }) => key.startsWith('sluice-doctor'))
  }

  it('finds no problem, sends a probe and a real file all the way through, and leaves neither', async () => {
    const { root, uploader } = stack.credentials
    const { code, findings } = await examine(
      {
        MINIO_ROOT_USER: root.accessKey,
        MINIO_ROOT_PASSWORD: root.secretKey,
        MINIO_UPLOADER_ACCESS_KEY: uploader.accessKey,
        MINIO_UPLOADER_SECRET_KEY: uploader.secretKey,
      },
      '--run',
      'chunk',
    )
    expect(findings.filter(({ status }) => status === 'fail' || status === 'skipped')).toEqual([])
    expect(code).toBe(0)
    expect(found(findings, 'announcements')?.found).toMatch(/^FAST after [\d.]+ms, DURABLE after [\d.]+m?s$/)
    expect(found(findings, 'run of chunk')?.found).toMatch(/1 file of/)
    expect(await left()).toEqual([])
  })

  it('sends the probe with the uploader’s account too, and says what stays', async () => {
    const { uploader } = stack.credentials
    const { findings } = await examine({
      MINIO_UPLOADER_ACCESS_KEY: uploader.accessKey,
      MINIO_UPLOADER_SECRET_KEY: uploader.secretKey,
    })
    expect(found(findings, 'announcements')?.status).toBe('ok')
    expect(found(findings, 'trace')?.found).toContain('stays')
    expect((await left()).map(({ key }) => key)).toEqual(['sluice-doctor/'])
  })
})
