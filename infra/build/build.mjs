/**
 * The project as JavaScript, in `dist/build-<key>`: compiled once for each change of the sources, without checking types.
 * Under tsx each process would spend half a second of CPU time before its first line.
 *
 * Runs before everything else, so it is plain JavaScript without packages.
 * @module
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { addPackages, INSTALLED } from './packages.mjs'

export const rootDir = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const distDir = join(rootDir, 'dist')
const CONFIG = 'tsconfig.build.json'
const TSC = join('node_modules', 'typescript', 'bin', 'tsc')
/** Another version of these makes another build. */
const OWN = ['build', 'bundle', 'packages'].map((name) => `infra/build/${name}.mjs`)
/** Sheets and scripts of the console, copied as they are. */
const isAsset = (path) => path.startsWith('runtime/console/assets/')
/** Tests are left out, except the lists of functions that their runtimes load, the imports of these, and benchmarks. */
const isSource = (path) =>
  (/\.(?:tsx?|lua)$/.test(path) || isAsset(path)) &&
  (!path.startsWith('test/') || /^test\/(?:bench|helpers)\/|functions\.ts$/.test(path))
/** A build that has not been used for this long is removed, unless a process runs from it. */
const UNUSED_MS = 3_600_000

/**
 * The folder of the build that matches the sources; undefined if there can be none: in a folder that is not writable, or
 * without the compiler.
 *
 * @throws {Error} with the compiler's output, if a source is not valid TypeScript
 */
export function ensureBuild() {
  for (;;) {
    const key = keyOfSources()
    const dir = join(distDir, `build-${key}`)
    if (existsSync(dir)) {
      touch(dir)
      return dir
    }
    const draft = makeDraft()
    if (draft === undefined) return undefined
    try {
      compile(draft)
      // If the sources have changed in the meantime, they belong to another build.
      if (keyOfSources() === key) publish(draft, dir)
    } finally {
      rmSync(draft, { recursive: true, force: true })
    }
    removeUnused()
  }
}

/** From times and sizes, like make: reading all sources would take half as long as many commands. */
function keyOfSources() {
  const hash = createHash('sha256')
  for (const path of ['package.json', INSTALLED, 'tsconfig.json', CONFIG, ...OWN, ...sources()]) {
    const found = statSync(join(rootDir, path), { bigint: true, throwIfNoEntry: false })
    hash.update(`${path}\n${found?.mtimeNs} ${found?.size}\n`)
  }
  return hash.digest('hex').slice(0, 16)
}

function* sources() {
  const folders = ['functions', 'infra/local', 'runtime', 'test']
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    for (const entry of readdirSync(join(rootDir, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`
      // Tests write and remove such lists.
      if (entry.isDirectory() && !entry.name.startsWith('lists-')) folders.push(path)
      if (entry.isFile() && isSource(path)) yield path
    }
  }
}

function makeDraft() {
  if (!existsSync(join(rootDir, TSC))) return undefined
  try {
    mkdirSync(distDir, { recursive: true })
    return mkdtempSync(join(distDir, 'draft-'))
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS'].includes(error.code)) return undefined
    throw error
  }
}

function compile(draft) {
  const args = [join(rootDir, TSC), '-p', join(rootDir, CONFIG), '--outDir', draft]
  const { status, stdout, stderr, error } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`compiling failed: ${error?.message ?? `${stdout}${stderr}`}`)
  for (const path of [
    'package.json',
    ...[...sources()].filter((name) => name.endsWith('.lua') || isAsset(name)),
  ]) {
    mkdirSync(dirname(join(draft, path)), { recursive: true })
    copyFileSync(join(rootDir, path), join(draft, path))
  }
  addPackages(rootDir, draft)
}

function publish(draft, dir) {
  try {
    renameSync(draft, dir)
  } catch (error) {
    // Another process was faster.
    if (!existsSync(dir)) throw error
  }
}

function touch(dir) {
  try {
    utimesSync(dir, new Date(), new Date())
  } catch {
    // It belongs to another user.
  }
}

function removeUnused() {
  const { stdout: commandLines } = spawnSync('ps', ['-A', '-ww', '-o', 'args='], { encoding: 'utf8' })
  for (const name of readdirSync(distDir)) {
    if (!/^(?:build|draft)-/.test(name) || !commandLines || commandLines.includes(name)) continue
    try {
      const dir = join(distDir, name)
      if (Date.now() - statSync(dir).mtimeMs > UNUSED_MS) rmSync(dir, { recursive: true, force: true })
    } catch {
      // Another process removes it too.
    }
  }
}
