/**
 * `npm run test:mutants`: breaks one guard after another in copies of the project and wants the tests to notice. Prints a
 * table and `N caught, M survived`; exit code 1 when one survives, or when a mutant does not fit the code any more.
 * Words after `--` choose mutants by a part of their name or file.
 * @module
 */
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { ensurePrograms } from '../../infra/local/programs/ensure-programs.ts'
import { PROGRAMS } from '../../infra/local/programs/programs.ts'
import { progress, say } from '../../infra/local/terminal.ts'
import type { Mutant } from './mutant.ts'
import { MUTANTS } from './all.ts'
import { runTests, tryMutant, type Tried } from './try-mutant.ts'

const AT_A_TIME = 2
/** For all files of all mutants together, on a busy machine. */
const SOUND_LIMIT_MS = 1_800_000
const rootDir = join(import.meta.dirname, '..', '..')

const words = process.argv.slice(2)
const all = MUTANTS
const mutants = all.filter(
  ({ name, file }) => words.length === 0 || words.some((word) => name.includes(word) || file.includes(word)),
)
if (mutants.length === 0) {
  const files = [...new Set(all.map(({ file }) => file))].toSorted()
  say(`no mutant has ${words.join(' or ')} in its name or file; the files are:\n  ${files.join('\n  ')}`)
  process.exitCode = 2
} else process.exitCode = (await main()) ? 0 : 1

/** Whether every mutant was caught. */
async function main(): Promise<boolean> {
  await ensurePrograms(PROGRAMS, progress)
  const dir = await mkdtemp(join(tmpdir(), 'sluice-mutants-'))
  try {
    const copies = await Promise.all(Array.from({ length: AT_A_TIME }, (_, at) => copyTo(join(dir, `${at}`))))
    if (!(await isSound(copies[0] as string))) return false
    const tried = await tryAll(copies)
    const caught = tried.filter(({ outcome }) => outcome === 'caught').length
    say(`${caught} caught, ${tried.length - caught} survived`)
    return caught === tried.length && tried.length > 0
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 3 })
  }
}

async function copyTo(dir: string): Promise<string> {
  const left = new Set(['.git', 'node_modules', '.sluice', 'dist'])
  await cp(rootDir, dir, {
    recursive: true,
    filter: (path) => !left.has(relative(rootDir, path).split('/').at(-1) ?? ''),
  })
  await symlink(join(rootDir, 'node_modules'), join(dir, 'node_modules'))
  return dir
}

/** What fails without any mutant shows nothing of one. */
async function isSound(dir: string): Promise<boolean> {
  const files = [...new Set(mutants.flatMap(({ caughtBy }) => caughtBy))]
  const { failures, isBroken } = await runTests(dir, files, SOUND_LIMIT_MS)
  for (const failure of failures) say(`fails without any mutant: ${failure}`)
  if (isBroken && failures.length === 0) say('the tests do not even run without any mutant')
  return !isBroken && failures.length === 0
}

async function tryAll(copies: readonly string[]): Promise<Tried[]> {
  const waiting = [...mutants]
  const tried: Tried[] = []
  const work = async (dir: string) => {
    for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
      const outcome = await tryMutant(dir, mutant)
      tried.push(outcome)
      say(lineOf(mutant, outcome))
    }
  }
  await Promise.all(copies.map(work))
  return tried
}

function lineOf({ name, file }: Mutant, { outcome, seconds, how }: Tried): string {
  return `${outcome.padEnd(9)} ${seconds.toFixed(0).padStart(3)} s  ${file.padEnd(40)} ${name}${how ? `: ${how}` : ''}`
}
