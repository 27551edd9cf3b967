/** What the child of the seam may do: its rights, what it inherits, and each limit, by a real FFmpeg that runs into it. */
import { spawnSync } from 'node:child_process'
import { mkdtemp, open, readdir, readFile, readlink, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { diagnose } from '../../functions/ffmpeg/words/diagnosis.ts'
import { MAX_PROCESSES } from '../../functions/ffmpeg/sandbox/sandbox.ts'
import type { FfmpegOptions } from '../../functions/ffmpeg/run/ffmpeg.ts'
import { toolUser } from '../../runtime/index.ts'
import { ffmpegBuilds, withBuild } from '../helpers/ffmpeg-builds.ts'
import { processesIn } from '../helpers/processes.ts'
import { waitFor } from '../helpers/wait.ts'

const PICTURES = '-f lavfi -i testsrc2=size=64x36:rate=25'
const ENDLESS = `-hide_banner -nostdin -nostats -progress pipe:3 ${PICTURES} -f null -`

let cwd = ''
beforeEach(async () => {
  cwd = await realpath(await mkdtemp(join(tmpdir(), 'sluice-fence-')))
})
afterEach(async () => {
  const left = await processesIn(cwd)
  if (left.length > 0) throw new Error(`the test left processes: ${JSON.stringify(left)}`)
  await rm(cwd, { recursive: true })
})

function options(words: string, more: Partial<FfmpegOptions> = {}): FfmpegOptions {
  return {
    tool: 'ffmpeg',
    profile: 'copy',
    arguments: words.trim().split(/\s+/),
    cwd,
    signal: new AbortController().signal,
    ...more,
  }
}

/** The child, when it is FFmpeg and no longer the programs that lead to it. */
async function atWork(): Promise<number> {
  return waitFor(
    async () => {
      const [child] = await processesIn(cwd)
      const name = child && (await readFile(`/proc/${child.pid}/comm`, 'utf8')).trim()
      return name === 'ffmpeg' && child?.pid
    },
    { timeoutMs: 5_000, what: 'FFmpeg itself to run', intervalMs: 5 },
  )
}

/** Whether this machine lets root make a network; in many containers it does not. */
function mayUnshare(): boolean {
  return spawnSync('unshare', ['--net', '--', '/bin/true']).status === 0
}

/** What a process has open. One that is closed while it is looked at (the listing's own is) is nobody's. */
async function descriptors(pid: number): Promise<readonly string[]> {
  const names = await readdir(`/proc/${pid}/fd`)
  const links = names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => undefined))
  return (await Promise.all(links)).filter((link) => link !== undefined)
}

describe.each(await ffmpegBuilds())('the fence around $name', (build) => {
  const load = () => withBuild(build, () => import('../../functions/ffmpeg/run/ffmpeg.ts'))

  it.skipIf(process.platform !== 'linux')(
    'gives it no file descriptor other than its own pipes and files',
    async () => {
      // What a parent forgets to close is inherited by every child.
      const inherited = await open('/proc/self/status')
      const { startFfmpeg } = await load()
      const run = await startFfmpeg(options(ENDLESS))
      const child = await atWork()
      const [links, ours] = [await descriptors(child), await descriptors(process.pid)]
      run.kill()
      await run.ended
      await inherited.close()
      expect(ours).toContain(`/proc/${process.pid}/status`)
      // Its three pipes have other ends, so of what we have opened it has nothing. What our own starter left open is his affair.
      const outer = ['/dev/null', ...(await descriptors(process.ppid))]
      const shared = links.filter((link) => ours.includes(link) && !outer.includes(link))
      expect(shared).toEqual([])
    },
  )

  it.skipIf(process.platform !== 'linux')(
    'gives it no right that it could use: none is gained, and as root it is a user whom nothing else runs as',
    async () => {
      const { startFfmpeg } = await load()
      const run = await startFfmpeg(options(ENDLESS))
      const child = await atWork()
      const status = await readFile(`/proc/${child}/status`, 'utf8')
      const of = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1]
      const limits = await readFile(`/proc/${child}/limits`, 'utf8')
      const network = await readlink(`/proc/${child}/ns/net`)
      run.kill()
      await run.ended
      expect(of('NoNewPrivs')).toBe('1')
      expect(of('CapEff')).toMatch(/^0+$/)
      expect(of('Umask')).toBe('0077')
      const isRoot = process.getuid?.() === 0
      const processes = Number(/^Max processes\s+(\d+)/m.exec(limits)?.[1])
      expect(processes === MAX_PROCESSES).toBe(isRoot)
      expect(of('Uid')?.split('\t')[0]).toBe(`${isRoot ? toolUser()?.uid : process.getuid?.()}`)
      const hasOwnNetwork = network !== (await readlink('/proc/self/ns/net'))
      expect(hasOwnNetwork).toBe(isRoot && mayUnshare())
    },
  )

  it('ends it when it needs more memory than it may have, and says so', async () => {
    const { runFfmpeg } = await load()
    const large = '-f lavfi -i testsrc2=size=4096x4096:rate=25:duration=1 -c:v libx264 -f null -'
    const result = await runFfmpeg(
      options(`-hide_banner -nostdin -loglevel error ${large}`, {
        limits: { memoryBytes: 300 * 1024 ** 2 },
      }),
    )
    expect(result.exitCode).not.toBe(0)
    expect(diagnose(result)).toMatchObject({ reason: expect.stringMatching(/memory/), isPermanent: true })
  })

  it('ends it when it has used up its CPU time', async () => {
    const { runFfmpeg } = await load()
    const result = await runFfmpeg(options(ENDLESS, { limits: { cpuSeconds: 1 } }))
    // The kernel says SIGXCPU first, and SIGKILL where that is at once.
    expect(['SIGXCPU', 'SIGKILL']).toContain(result.signal)
  })

  it('limits the files it may open', async () => {
    const { runFfmpeg } = await load()
    const outputs = Array.from({ length: 40 }, (_, index) => `-c:v rawvideo -f rawvideo file:out-${index}`)
    const list = `-hide_banner -nostdin -loglevel error ${PICTURES}:duration=1 ${outputs.join(' ')}`
    const result = await runFfmpeg(options(list, { limits: { openFiles: 20 } }))
    expect(result.exitCode).not.toBe(0)
    expect(diagnose(result)).toEqual({ reason: 'too many files are open', isPermanent: false })
  })

  it.skipIf(process.platform !== 'linux' || process.getuid?.() !== 0)(
    'lets it read nothing that is only for us, and write nowhere else',
    async () => {
      const secret = await mkdtemp(join(tmpdir(), 'sluice-secret-'))
      await writeFile(join(secret, 'credentials.wav'), 'secret', { mode: 0o600 })
      const { runFfmpeg } = await load()
      const run = (words: string) => runFfmpeg(options(`-hide_banner -nostdin -y -loglevel error ${words}`))
      const reading = await run(`-f s16le -i file:${secret}/credentials.wav -f null -`)
      const writing = await run(`${PICTURES}:duration=1 -c:v rawvideo -f rawvideo file:${secret}/written`)
      const inPlace = await run(`${PICTURES}:duration=1 -c:v rawvideo -f rawvideo file:written`)
      const written = await readdir(secret)
      await rm(secret, { recursive: true })
      expect([reading.exitCode, writing.exitCode]).not.toContain(0)
      expect(reading.lastLines.join()).toMatch(/Permission denied/)
      expect(written).toEqual(['credentials.wav'])
      expect(inPlace.exitCode).toBe(0)
      expect((await stat(join(cwd, 'written'))).mode & 0o077).toBe(0)
    },
  )
})
