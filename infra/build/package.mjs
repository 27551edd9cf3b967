/**
 * The package that `npm pack` makes, as JavaScript with declarations, in `dist/package`: without tests, dashboards' sources and
 * the servers of a clone. npm runs it before it packs.
 * @module
 */
import { spawnSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const rootDir = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const outDir = join(rootDir, 'dist', 'package')
/** Compiled files of another time would be packed too. */
rmSync(outDir, { recursive: true, force: true })
const tsc = join(rootDir, 'node_modules', 'typescript', 'bin', 'tsc')
// Its words go to standard error: `npm pack` prints the name of the package alone.
const { status } = spawnSync(process.execPath, [tsc, '-p', join(rootDir, 'tsconfig.package.json')], {
  stdio: ['ignore', process.stderr, 'inherit'],
})
if (status !== 0) process.exit(1)
for (const path of readdirSync(join(rootDir, 'runtime'), { recursive: true }))
  if (path.endsWith('.lua') || path.startsWith('console/assets/'))
    cpSync(join(rootDir, 'runtime', path), join(outDir, 'runtime', path), { recursive: true })
// The runtime reads its version from beside its modules, wherever they are.
const { name, version, type } = JSON.parse(readFileSync(join(rootDir, 'package.json'), 'utf8'))
writeFileSync(join(outDir, 'package.json'), JSON.stringify({ name, version, type }))
