/**
 * Stack traces of a build name the files and lines of the sources. `--enable-source-maps` does so too, but reads the map of
 * every module while it loads, which costs a tenth of a second; here a map is read when a trace is asked for.
 *
 * Loaded with `--require` before everything else, so it is plain JavaScript without packages.
 * @module
 */
const { readFileSync } = require('node:fs')
const { SourceMap } = require('node:module')
const { fileURLToPath, pathToFileURL } = require('node:url')

/** By the path of the compiled file; undefined where it has no map. */
const maps = new Map()

Error.prepareStackTrace = (error, sites) =>
  [Error.prototype.toString.call(error), ...sites.map((site) => `at ${textOf(site)}`)].join('\n    ')

function textOf(site) {
  const text = String(site)
  const file = site.getFileName()
  if (!file || !/\/dist\/build-\w+\//.test(file)) return text
  const [line, column] = [site.getLineNumber(), site.getColumnNumber()]
  const source = sourceOf(file, line, column)
  // Through a function, since `$` is legal in a path.
  return source ? text.replace(`${file}:${line}:${column}`, () => source) : text
}

function sourceOf(file, line, column) {
  try {
    const path = file.startsWith('file:') ? fileURLToPath(file) : file
    if (!maps.has(path)) maps.set(path, readMap(path))
    const { originalSource, originalLine, originalColumn } =
      maps.get(path)?.findEntry(line - 1, column - 1) ?? {}
    if (originalSource === undefined) return undefined
    return `${new URL(originalSource, pathToFileURL(path)).href}:${originalLine + 1}:${originalColumn + 1}`
  } catch {
    // The build was removed while it ran, or has another form: the place in the compiled file is right too.
    return undefined
  }
}

function readMap(path) {
  const payload = JSON.parse(readFileSync(`${path}.map`, 'utf8'))
  const root = payload.sourceRoot ?? ''
  return new SourceMap({
    ...payload,
    sourceRoot: '',
    sources: payload.sources.map((source) => root + source),
  })
}
