/** `npm start` as people use it: in a folder with a space, on a machine with other users, and the state after its end. */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withoutSettings } from '../../infra/local/settings/settings.ts'
import { freePorts } from '../../infra/local/settings/ports.ts'
import { waitFor } from '../helpers/wait.ts'

const run = promisify(execFile)
const ROOT_DIR = join(import.meta.dirname, '..', '..')
const START_MS = 900_000
const OTHERS = 0o077

let dir: string
let dataDir: string
let env: NodeJS.ProcessEnv
let start: ChildProcess | undefined
let output = ''

const script = (name: string, ...words: readonly string[]) => [
  join(ROOT_DIR, 'infra', 'build', 'run.mjs'),
  `infra/local/${name}`,
  ...words,
]

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-start-'))
  // Like normal folders: everybody may read them.
  await chmod(dir, 0o755)
  dataDir = join(dir, 'my data')
  await mkdir(join(dataDir, 'minio', 'data'), { recursive: true })
  for (const path of ['.', 'minio', 'minio/data']) await chmod(join(dataDir, path), 0o755)
  await mkdir(join(dir, 'bin'))
  await writeFile(join(dir, 'bin', 'mc'), '#!/bin/sh\necho "GNU Midnight Commander 4.8.29"\n', {
    mode: 0o755,
  })
  env = {
    ...withoutSettings(process.env),
    PATH: `${join(dir, 'bin')}:${process.env['PATH']}`,
    SLUICE_LOCAL_DIR: dataDir,
    ...(await freePorts()),
    // Without the sample, which needs chunk, takes seconds, and is not needed here.
    SLUICE_FUNCTIONS: 'probe',
  }
  start = spawn(process.execPath, script('start.ts'), {
    cwd: ROOT_DIR,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [start.stdout, start.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text))
  await waitFor(async () => output.includes('Ctrl-C stops everything') || start?.exitCode !== null, {
    timeoutMs: START_MS,
    what: 'the guide',
  })
}, START_MS)

afterAll(async () => {
  await stop()
  await rm(dir, { recursive: true, force: true, maxRetries: 3 })
}, START_MS)

async function stop(): Promise<void> {
  if (!start || start.exitCode !== null) return
  const ended = once(start, 'exit')
  start.kill('SIGTERM')
  await ended
}

describe('npm start', () => {
  it('prints each step in a line with its time, then the functions, all within 80 columns', () => {
    const lines = output.split('\n')
    const steps = lines.flatMap((line) => /^ {2}(\S+) {2,}.* {2,}\d+(?:\.\d)? s$/.exec(line)?.[1] ?? [])
    expect(steps).toEqual(['Redis', 'MinIO', 'Set-up', 'Runtime'])
    expect(output).toMatch(/\nFunctions\n {2}probe +incoming → metadata\n/)
    // Paths may be longer.
    expect(
      lines.filter((line) => line.length > 80 && !line.includes(dataDir) && !/\/ffmpeg /.test(line)),
    ).toEqual([])
  })

  it('writes no file that other users may read, and closes those that they could', async () => {
    const names = await readdir(dataDir)
    expect(names).toEqual(expect.arrayContaining(['credentials.json', 'log', 'mc', 'minio', 'redis']))
    const paths = [
      '.',
      ...names,
      'minio/data',
      'minio/data/.minio.sys',
      'redis/appendonlydir',
      'log/minio.log',
    ]
    const open: string[] = []
    for (const path of paths) if ((await stat(join(dataDir, path))).mode & OTHERS) open.push(path)
    expect(open).toEqual([])
  })

  it.skipIf(process.getuid?.() !== 0)('gives nothing to another user', async () => {
    const asOther = (...line: readonly [string, ...string[]]) =>
      run(line[0], line.slice(1), { uid: 65_534, gid: 65_534 })
    await expect(asOther('ls', dataDir)).rejects.toThrow('Permission denied')
    await expect(asOther('cat', join(dataDir, 'credentials.json'))).rejects.toThrow('Permission denied')
    await expect(asOther('ls', join(dataDir, 'minio', 'data', '.minio.sys'))).rejects.toThrow(
      'Permission denied',
    )
  })

  it("has an mc with paths relative to the user's folder, even if another program is called mc", async () => {
    const folder = join(dir, 'holiday pictures')
    await mkdir(folder)
    await writeFile(join(folder, 'a b.txt'), 'hello')
    const at = { cwd: ROOT_DIR, env: { ...env, INIT_CWD: folder } }
    await run(process.execPath, script('mc-command.ts', 'cp', 'a b.txt', 'sluice/incoming/'), at)
    const { stdout } = await run(process.execPath, script('mc-command.ts', 'ls', 'sluice/incoming/'), at)
    expect(stdout).toContain('a b.txt')
  })

  it('after a stop is the advice of doctor, which also names a wrong FFMPEG_PATH', async () => {
    await stop()
    expect(output).toContain('Everything has stopped.')
    const doctor = await run(process.execPath, script('sluice.ts', 'doctor', '--no-probe', '--json'), {
      cwd: ROOT_DIR,
      env: { ...env, npm_lifecycle_event: 'sluice', FFMPEG_PATH: '/nowhere/ffmpeg' },
    }).catch((error: { stdout: string }) => error)
    const { findings } = JSON.parse(doctor.stdout) as {
      findings: { group: string; check: string; status: string; found: string; repair?: string[] }[]
    }
    const of = (group: string, check: string) =>
      findings.find((finding) => finding.group === group && finding.check === check)
    for (const [group, check] of [
      ['redis', 'server'],
      ['minio', 'server'],
      ['runtime', 'API'],
    ] as const) {
      expect(of(group, check)).toMatchObject({ status: 'fail' })
      expect(of(group, check)?.repair?.[0]).toMatch(/^npm start/)
    }
    expect(of('machine', 'FFmpeg')).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('FFMPEG_PATH: /nowhere/ffmpeg does not exist') as string,
      repair: ['unset FFMPEG_PATH'],
    })
    expect(of('machine', 'data folder')).toMatchObject({ status: 'ok' })
  })
})
