/**
 * `node bundle.mjs node_modules/.cache/<folder> <import>…`: packages as one file each and what they share, in a folder that is
 * laid out like `node_modules`. Otherwise every process reads their 300 files, which is half of its start.
 * @module
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
// tsx brings it.
const { build } = createRequire(require.resolve('tsx/package.json'))('esbuild')

/** Names that CommonJS finds in its scope. */
const SCOPE = [
  'import { createRequire as $createRequire } from "node:module"',
  'import { fileURLToPath as $pathOf } from "node:url"',
  'import { dirname as $folderOf } from "node:path"',
  'const require = $createRequire(import.meta.url)',
  'const __filename = $pathOf(import.meta.url), __dirname = $folderOf(__filename)',
].join(';')

const [outDir, ...imports] = process.argv.slice(2)
const entriesDir = join(outDir, '.entries')
const fileOf = (name) => (name === packageOf(name) ? `${name}/index` : name)

const entryPoints = {}
for (const name of imports) {
  const path = join(entriesDir, `${fileOf(name)}.js`)
  write(path, await entryOf(name))
  entryPoints[fileOf(name)] = path
}
await build({
  entryPoints,
  outdir: outDir,
  outExtension: { '.js': '.mjs' },
  chunkNames: '.shared/[name]-[hash]',
  bundle: true,
  // A module that two packages use exists once.
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // As Node resolves.
  conditions: [],
  mainFields: ['main'],
  banner: { js: SCOPE },
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'error',
})
for (const name of new Set(imports.map(packageOf))) {
  const files = imports
    .filter((other) => packageOf(other) === name)
    .map((other) => [`.${other.slice(name.length)}`, `./${relative(name, fileOf(other))}.mjs`])
  write(
    join(outDir, name, 'package.json'),
    JSON.stringify({ name, type: 'module', exports: Object.fromEntries(files) }),
  )
}
rmSync(entriesDir, { recursive: true })
for (const path of readdirSync(outDir, { recursive: true }).filter((name) => name.endsWith('.map')))
  namePackages(path)

/** The folder is copied to `dist/build-…/node_modules`, from where the sources have another relative path. */
function namePackages(path) {
  const map = JSON.parse(readFileSync(join(outDir, path), 'utf8'))
  const packages = join(relative(dirname(path), '.'), '..', '..', '..', 'node_modules')
  const sources = map.sources.map((source) =>
    join(packages, relative(join(outDir, '..', '..'), join(outDir, dirname(path), source))),
  )
  write(join(outDir, path), JSON.stringify({ ...map, sources }))
}

/** The module's exports under their names, which Node finds in CommonJS and esbuild does not. */
async function entryOf(name) {
  const from = JSON.stringify(name)
  const exported = Object.keys(await import(name))
  const defaults = exported.includes('default') ? `export { default } from ${from}\n` : ''
  const path = fileURLToPath(import.meta.resolve(name))
  if (!(path in require.cache)) return `export * from ${from}\n${defaults}`
  const names = exported.filter((word) => !['default', 'module.exports', '__esModule'].includes(word))
  return `import all from ${from}\nexport default all\nexport const { ${names.join(', ')} } = all\n`
}

function packageOf(name) {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/')
}

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
