/** Installs BullMQ beside its programs when it is not there. It is no part of the runtime, so it is in no lockfile. @module */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { say } from '../statistics.ts'

const run = promisify(execFile)
const HERE = import.meta.dirname

interface Package {
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, string>>
}

/** The version of BullMQ that is there now. */
export async function installPeer(): Promise<string> {
  const wanted = (await read(join(HERE, 'package.json')))?.dependencies ?? {}
  const missing = []
  for (const [name, version] of Object.entries(wanted)) {
    const found = await read(join(HERE, 'node_modules', name, 'package.json'))
    if (found?.version !== version) missing.push(`${name} ${version}`)
  }
  if (missing.length > 0) {
    say(`installing ${missing.join(', ')} into test/bench/peer`)
    const npm = process.env['npm_execpath']
    const [program, args] = npm ? [process.execPath, [npm]] : ['npm', []]
    const words = ['install', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error']
    await run(program, [...args, ...words], { cwd: HERE })
  }
  return wanted['bullmq'] ?? ''
}

async function read(path: string): Promise<Package | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as Package)
}
