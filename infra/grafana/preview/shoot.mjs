/** Draws every dashboard into a PNG: `PROMETHEUS=http://… node shoot.mjs <folder>`. */
import { execFileSync, spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

const here = import.meta.dirname
const dashboards = process.env.DASHBOARDS ?? join(here, '..', 'dashboards')
const prometheus = process.env.PROMETHEUS ?? 'http://127.0.0.1:9090'
const out = resolve(process.argv[2] ?? '.')
const only = process.argv[3]
const minutes = Number(process.env.MINUTES ?? 10)
mkdirSync(out, { recursive: true })

for (const name of readdirSync(dashboards)) {
  if (only && !name.includes(only)) continue
  const dashboard = JSON.parse(readFileSync(join(dashboards, name), 'utf8'))
  const bundle = await build({
    entryPoints: [join(here, 'app.jsx')],
    bundle: true,
    write: false,
    outdir: 'out',
    minify: true,
    jsx: 'transform',
    loader: { '.svg': 'dataurl', '.ttf': 'dataurl' },
    define: {
      'process.env.NODE_ENV': '"production"',
      global: 'window',
      DASHBOARD: JSON.stringify(dashboard),
      MINUTES: String(minutes),
    },
    logLevel: 'error',
  })
  const files = Object.fromEntries(bundle.outputFiles.map(({ path, text }) => [path.split('/').at(-1), text]))
  const uplot = readFileSync(join(here, 'node_modules/uplot/dist/uPlot.min.css'), 'utf8')
  const page = `<!doctype html><meta charset=utf-8><style>*,*::before,*::after{box-sizing:border-box}button{font:inherit;color:inherit;background:none;border:0}${uplot}</style><style>${files['app.css'] ?? ''}</style><div id=r></div><script src=/app.js></script>`
  const answer = async (request, response) => {
    if (request.url === '/app.js') return response.end(files['app.js'])
    if (!request.url.startsWith('/api/')) return response.setHeader('content-type', 'text/html').end(page)
    const data = await fetch(prometheus + request.url)
    response.setHeader('content-type', 'application/json').end(await data.text())
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => response.writeHead(502).end(String(error)))
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  const last = dashboard.panels.reduce((max, { gridPos }) => Math.max(max, gridPos.y + gridPos.h), 0)
  const height = Math.min(last, Number(process.env.ROWS ?? 200)) * 30 + 60
  const args = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--hide-scrollbars',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    `--user-data-dir=${mkdtempSync(join(tmpdir(), 'preview-'))}`,
    `--window-size=1440,${height}`,
    '--virtual-time-budget=20000',
    `--screenshot=${join(out, name.replace('.json', '.png'))}`,
    `http://127.0.0.1:${server.address().port}/`,
  ]
  const chromium = process.env.CHROMIUM ?? execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim()
  // Not spawnSync: the page requests everything from this process.
  await new Promise((done, failed) => {
    const child = spawn(chromium, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    child.stderr.on('data', (text) => process.env.VERBOSE && process.stderr.write(text))
    child.on('exit', (code) => (code === 0 ? done() : failed(new Error(`chromium: exit code ${code}`))))
  })
  server.close()
  server.closeAllConnections()
}
