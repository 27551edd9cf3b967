/**
 * Gives a build the packages that it imports, bundled (`bundle.mjs`): once for each change of the installed packages or of the
 * list of imports, kept in `node_modules/.cache`.
 * @module
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** npm's own list of what is installed. */
export const INSTALLED = 'node_modules/.package-lock.json'
const BUNDLE = fileURLToPath(new URL('bundle.mjs', import.meta.url))
/** Copies are used, so another version's may go at any time. */
const UNUSED_MS = 24 * 3_600_000
/** Starts its own loader from its own files. */
const NEVER = ['tsx']

/**
 * Without them the build runs as well, and each process starts more slowly.
 *
 * @param dir - of the compiled modules
 */
export function addPackages(rootDir, dir) {
  const imports = importsOf(rootDir, dir)
  if (imports.length === 0) return
  try {
    cpSync(cached(rootDir, imports), join(dir, 'node_modules'), { recursive: true })
  } catch (error) {
    process.stderr.write(`packages are not bundled, so that processes start more slowly: ${error.message}\n`)
  }
}

/** Every import of a package that the project depends on, with its subpath. */
function importsOf(rootDir, dir) {
  const { dependencies = {} } = JSON.parse(readFileSync(join(rootDir, 'package.json'), 'utf8'))
  const names = Object.keys(dependencies).filter((name) => !NEVER.includes(name))
  const found = new Set()
  for (const path of readdirSync(dir, { recursive: true })) {
    if (!path.endsWith('.js')) continue
    // Compiled, so imports of types are gone.
    const text = readFileSync(join(dir, path), 'utf8')
    for (const [, name] of text.matchAll(/^(?:import|export|\}) [^'"]*from ['"]([^'"]+)['"];$/gm))
      if (names.some((one) => name === one || name.startsWith(`${one}/`))) found.add(name)
  }
  return [...found].sort((one, other) => (one < other ? -1 : 1))
}

function cached(rootDir, imports) {
  const installed = readFileSync(join(rootDir, INSTALLED))
  const hash = createHash('sha256').update(installed).update(readFileSync(BUNDLE))
  const key = hash
    .update(JSON.stringify([imports, process.versions.node]))
    .digest('hex')
    .slice(0, 16)
  const cacheDir = join(realpathSync(join(rootDir, 'node_modules')), '.cache')
  const dir = join(cacheDir, `sluice-packages-${key}`)
  if (existsSync(dir)) {
    utimesSync(dir, new Date(), new Date())
    return dir
  }
  mkdirSync(cacheDir, { recursive: true })
  const draft = mkdtempSync(join(cacheDir, 'sluice-draft-'))
  try {
    const args = [BUNDLE, draft, ...imports]
    const { status, stderr, error } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    if (status !== 0) throw new Error(error?.message ?? stderr)
    renameSync(draft, dir)
  } catch (error) {
    // Another process may have been faster.
    if (!existsSync(dir)) throw error
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
  removeUnused(cacheDir)
  return dir
}

function removeUnused(cacheDir) {
  for (const name of readdirSync(cacheDir).filter((one) => /^sluice-(?:packages|draft)-/.test(one))) {
    const dir = join(cacheDir, name)
    const { mtimeMs = Date.now() } = statSync(dir, { throwIfNoEntry: false }) ?? {}
    if (Date.now() - mtimeMs > UNUSED_MS) rmSync(dir, { recursive: true, force: true })
  }
}
