/** The table of commands: `sluice --help` shows what each command is, and a command loads only what it needs. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Command, Help } from 'commander'
import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../../../runtime/cli/program.ts'
import { sluice } from './commands/fake-api.ts'

const ROOMS = join(import.meta.dirname, '..', '..', '..', 'runtime', 'cli')

/** Packages that a module loads before it does anything; types load nothing. */
function packagesOf(path: string, seen = new Set<string>()): ReadonlySet<string> {
  const found = new Set<string>()
  if (seen.has(path)) return found
  seen.add(path)
  const imports = readFileSync(path, 'utf8').matchAll(
    /^(?:import|export) (?!type\b)(?:[^'"]*? from )?'([^']+)'/gm,
  )
  for (const [, name = ''] of imports) {
    if (name.startsWith('.')) for (const each of packagesOf(join(dirname(path), name), seen)) found.add(each)
    else if (!name.startsWith('node:')) found.add(name)
  }
  return found
}

describe('the list of commands', () => {
  it.each(COMMANDS.map((entry) => ({ ...entry, name: entry.usage.split(' ')[0] as string })))(
    'shows $name with its arguments',
    async ({ name, usage, load }) => {
      const command = new Command(name)
      const terminal = { isTerminal: false, hasColor: false, columns: 80, write: () => undefined }
      const context = {
        env: {},
        entryPath: '',
        signals: process,
        invocation: '',
        out: terminal,
        err: terminal,
      }
      ;(await load())(command, context)
      expect(new Help().subcommandTerm(command)).toBe(usage)
    },
  )

  it.each([['--help'], ['help'], ['why', '--help'], ['help', 'why'], ['help', 'concurrency']])(
    'sluice %s %s',
    async (...words) => {
      const { code, out } = await sluice(words.filter((word) => word !== undefined))
      expect({ code, isHelp: out.includes('Usage: sluice') }).toEqual({ code: 0, isHelp: true })
      const [name] = words.filter((word) => !['help', '--help'].includes(word))
      expect(out).toContain(
        name === undefined ? 'concurrency [options] <function> <n>' : `sluice ${name} [options] <`,
      )
    },
  )
})

describe('what is loaded', () => {
  it('for the list of commands is only the parser of the command line', () => {
    expect([...packagesOf(join(ROOMS, 'program.ts'))]).toEqual(['commander'])
  })

  it.each(['why', 'functions', 'runs', 'show', 'results', 'reprocess', 'redrive', 'sweep', 'cancel'])(
    'for %s is only that and the schema of the settings',
    (name) => {
      const packages = packagesOf(join(ROOMS, 'commands', `${name}.ts`))
      expect(
        [...packages, 'commander'].filter((each, at, all) => all.indexOf(each) === at).toSorted(),
      ).toEqual(['commander', 'zod'])
    },
  )
})
