/** `npm run reset`: removes the data of `npm start`. It lists the folders and asks first. @module */
import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { parseArgs } from 'node:util'
import { messageOf } from '../../runtime/errors.ts'
import { cacheBinDir } from './programs/programs.ts'
import { planReset, RESET_HELP, type ResetOptions } from './session/reset-plan.ts'
import { runningStart } from './servers/running.ts'
import { rootDir } from './root.ts'
import { progress, say } from './terminal.ts'
import { localDir } from './settings/settings.ts'

const dataDir = localDir(process.env, rootDir)
process.exitCode = await reset().catch((error: unknown) => {
  progress(messageOf(error))
  return 1
})

async function reset(): Promise<number> {
  const options = readOptions(process.argv.slice(2))
  if (!options || options.help) {
    say(RESET_HELP)
    return options ? 0 : 2
  }
  const runningPid = await runningStart(dataDir)
  if (runningPid) throw new Error(`npm start is running (pid ${runningPid}): stop it first, with Ctrl-C`)
  const plan = planReset({
    dataDir,
    cacheDir: dirname(cacheBinDir()),
    options,
    isOurs: await isOurs(),
    isThere: existsSync,
  })
  if (plan.refusal) throw new Error(plan.refusal)
  if (plan.paths.length === 0) {
    say('There is nothing to remove.')
    return 0
  }
  say(
    ['This removes permanently:', ...plan.paths.map(({ path, what }) => `  ${path}\n      ${what}`)].join(
      '\n',
    ),
  )
  if (!options.yes && !(await isConfirmed())) {
    say('Nothing was removed.')
    return 1
  }
  for (const { path } of plan.paths) await rm(path, { recursive: true, force: true, maxRetries: 3 })
  say('Removed.')
  return 0
}

function readOptions(words: readonly string[]): ResetOptions | undefined {
  try {
    const options = {
      yes: { type: 'boolean' },
      cache: { type: 'boolean' },
      help: { type: 'boolean' },
    } as const
    const { yes = false, cache = false, help = false } = parseArgs({ args: [...words], options }).values
    return { yes, cache, help }
  } catch (error) {
    progress(messageOf(error))
    return undefined
  }
}

async function isConfirmed(): Promise<boolean> {
  if (!process.stdin.isTTY) {
    progress('This is not a terminal, so nobody can confirm: add --yes.')
    return false
  }
  const asking = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await asking.question('Go ahead? Type yes: ')
  asking.close()
  return answer.trim().toLowerCase() === 'yes'
}

/** The setting may name any folder, so a folder other than the default is removed only if `npm start` has written its accounts there. */
async function isOurs(): Promise<boolean> {
  if (dataDir === localDir({}, rootDir)) return true
  const text = await readFile(join(dataDir, 'credentials.json'), 'utf8').catch(() => '')
  return text.includes('"uploader"')
}
