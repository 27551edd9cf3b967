/**
 * `npm run test:builds`, as `.ci/run` asks for it: `npm test` with the embedded FFmpeg, then its media tests with the one on
 * PATH. Says first which servers and tools there are; the last line sums up. Further words go to both: a path, a project.
 * @module
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { findBinaries } from '../functions/ffmpeg/build/binaries.ts'
import { ensurePrograms } from '../infra/local/programs/ensure-programs.ts'
import { PROGRAMS } from '../infra/local/programs/programs.ts'
import { progress, say } from '../infra/local/terminal.ts'
import { messageOf } from '../runtime/errors.ts'
import { installedFfmpeg } from './helpers/installed-ffmpeg.ts'
import { mediaFiles } from './media-files.ts'
import { pathWithout } from './path-without.ts'
import { isFault, parseLast, sumUp, type RunEnd } from './tally.ts'

const rootDir = join(import.meta.dirname, '..')
const { PATH = '' } = process.env
const words = process.argv.slice(2)

/** On PATH, or in a folder that can be put there; else why there is none. */
async function secondFfmpeg(): Promise<
  { readonly path: string; readonly name: string } | { missing: string }
> {
  const onPath = await findBinaries({ PATH })
  if (onPath.origin === 'path') return { path: PATH, name: `${onPath.version} at ${onPath.ffmpegPath}` }
  const fetched = await installedFfmpeg('5.1')
  if ('missing' in fetched) return { missing: `no recent one is on PATH, and 5.1: ${fetched.missing}` }
  return { path: `${fetched.folder}${delimiter}${PATH}`, name: `5.1 at ${fetched.folder}` }
}

async function describeTools(): Promise<void> {
  const programs = await ensurePrograms(PROGRAMS, progress)
  say(`Node ${process.version}`)
  for (const name of ['redis-server', 'minio'] as const) {
    const { stdout } = await promisify(execFile)(programs[name], ['--version'])
    say(`${stdout.split('\n')[0] ?? name} (${programs[name]})`)
  }
}

async function runTests(title: string, env: NodeJS.ProcessEnv, more: readonly string[]): Promise<RunEnd> {
  say(`\n== ${title}`)
  const npm = process.env['npm_execpath']
  const [command, args] = npm ? [process.execPath, [npm]] : ['npm', []]
  const child = spawn(command, [...args, '--silent', 'test', '--', ...more], {
    cwd: rootDir,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => child.kill(name))
  let counts: ReturnType<typeof parseLast>
  const faults: string[] = []
  const reader = createInterface({ input: child.stdout })
  reader.on('line', (line) => {
    const found = parseLast(line)
    // Only the sum may look like the last line of a run.
    if (found) counts = found
    else say(line)
    if (isFault(line)) faults.push(line)
  })
  const [[code]] = (await Promise.all([once(child, 'close'), once(reader, 'close')])) as [
    [number | null],
    unknown,
  ]
  return { title, counts, faults, exitCode: code ?? 1 }
}

async function main() {
  const hidden = await mkdtemp(join(tmpdir(), 'sluice-path-'))
  // Programs that tests start as another user are found there, too.
  await chmod(hidden, 0o755)
  try {
    await describeTools()
    const second = await secondFfmpeg()
    const embeddedPath = await pathWithout(['ffmpeg', 'ffprobe'], PATH, hidden)
    const embedded = await findBinaries({ PATH: embeddedPath })
    say(`FFmpeg ${embedded.version} (${embedded.origin}, ${embedded.ffmpegPath})`)
    say('missing' in second ? `no second FFmpeg: ${second.missing}` : `FFmpeg ${second.name}`)
    const [all, media] = words.length > 0 ? [words, words] : [[], await mediaFiles(rootDir)]
    const what = words.length > 0 ? [words.join(' '), words.join(' ')] : ['all tests', 'the tests of media']
    const none = { FFMPEG_PATH: undefined, FFPROBE_PATH: undefined }
    const ends = [
      await runTests(
        `with the embedded FFmpeg ${embedded.version}, ${what[0]}`,
        { ...none, PATH: embeddedPath, TEST_FFMPEG: 'embedded' },
        all,
      ),
    ]
    if (!('missing' in second)) {
      ends.push(
        await runTests(
          `with FFmpeg ${second.name}, ${what[1]}`,
          { ...none, PATH: second.path, TEST_FFMPEG: 'path' },
          media,
        ),
      )
    }
    return sumUp(ends)
  } finally {
    await rm(hidden, { recursive: true, force: true })
  }
}

const { lines, exitCode } = await main().catch((error: unknown) => ({
  lines: [messageOf(error), '0 passed, 1 failed'],
  exitCode: 1 as const,
}))
for (const line of lines) say(line)
process.exitCode = exitCode
