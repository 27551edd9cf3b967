/** The sheet, the scripts and the icon of the pages: read from disk once, and sent as they are. @module */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { brotliCompress, gzip } from 'node:zlib'
import type { Context } from 'hono'
import { ProblemError } from '../api/http/problem.ts'

const TYPES = { css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml' } as const
const FOLDER = new URL('./assets/', import.meta.url)
/** One on the wire, several on disk: in the order of their names, since later rules win. */
const SHEET = new URL('sheet/', FOLDER)
/** Scripts of packages, under the names by which ours import them. A minified one may need a line that makes it a module. */
const PACKAGED = [
  { name: 'console/idiomorph.js', file: 'idiomorph/dist/idiomorph.min.js', tail: '\nexport { Idiomorph }\n' },
  { name: 'players/hls.light.js', file: 'hls.js/dist/hls.light.min.mjs', tail: '' },
] as const

interface Asset {
  readonly type: string
  readonly etag: string
  readonly plain: Buffer
  readonly br: Buffer
  readonly gzip: Buffer
}

export interface Assets {
  /**
   * @param path - as {@link assetHref} makes it: the name, after a version or without one
   * @throws {ProblemError} 404 for a name that is none of them
   */
  answer(c: Context, path: string): Promise<Response>
}

/** The files and their version, once for a process. */
let loaded: ReturnType<typeof load> | undefined
const found = () => (loaded ??= load())

/** The address of an asset. It changes with the files, so that browsers may keep them; modules import each other below it. */
export function assetHref(base: string, name: string): string {
  return `${base}/assets/${found().version}/${name}`
}

export function createAssets(): Assets {
  const { version, files } = found()
  const known = new Map<string, Promise<Asset>>()

  return {
    async answer(c, path) {
      const isCurrent = path.startsWith(`${version}/`)
      const name = files.has(path) ? path : path.slice(path.indexOf('/') + 1)
      const plain = files.get(name)
      if (plain === undefined) throw new ProblemError(404, `there is no asset "${name}"`)
      const asset = known.get(name) ?? packed(name, plain)
      known.set(name, asset)
      return send(c, await asset, isCurrent)
    },
  }
}

function load() {
  const sheets = readdirSync(SHEET).sort()
  const names = readdirSync(FOLDER, { recursive: true }).map(String)
  const files = new Map<string, Buffer>([
    ['console.css', Buffer.concat(sheets.map((name) => readFileSync(new URL(name, SHEET))))],
    ...names
      .filter((name) => /\.(?:js|svg)$/.test(name))
      .map((name): [string, Buffer] => [name, readFileSync(new URL(name, FOLDER))]),
    ...PACKAGED.map(({ name, file, tail }): [string, Buffer] => [name, packagedFile(file, tail)]),
  ])
  const hash = createHash('sha256')
  for (const [name, bytes] of files) hash.update(`${name} ${bytes.length}\n`).update(bytes)
  return { version: hash.digest('base64url').slice(0, 10), files }
}

function packagedFile(file: string, tail: string): Buffer {
  const path = createRequire(import.meta.url).resolve(file)
  return Buffer.concat([readFileSync(path), Buffer.from(tail)])
}

async function packed(name: string, plain: Buffer): Promise<Asset> {
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1) as keyof typeof TYPES]
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`
  const [br, zipped] = await Promise.all([promisify(brotliCompress)(plain), promisify(gzip)(plain)])
  return { type: `${type}; charset=utf-8`, etag, plain, br, gzip: zipped }
}

function send(c: Context, asset: Asset, isCurrent: boolean): Response {
  const encoding = encodingFor(c.req.header('accept-encoding') ?? '')
  const headers = {
    'content-type': asset.type,
    etag: asset.etag,
    // Of another version, or without one: asked for each time, and answered with 304 while it is the same.
    'cache-control': isCurrent ? 'public, max-age=31536000, immutable' : 'no-cache',
    vary: 'accept-encoding',
    ...(encoding !== 'plain' && { 'content-encoding': encoding }),
  }
  if (c.req.header('if-none-match') === asset.etag) return c.body(null, 304, headers)
  return c.body(new Uint8Array(asset[encoding]), 200, headers)
}

/** `br;q=0` refuses it. */
function encodingFor(accepted: string): 'br' | 'gzip' | 'plain' {
  const names = accepted.split(',').flatMap((text) => {
    const [name = '', quality = ''] = text.split(';').map((part) => part.trim().toLowerCase())
    return /^q=0(?:\.0*)?$/.test(quality) ? [] : [name]
  })
  return names.includes('br') ? 'br' : names.includes('gzip') ? 'gzip' : 'plain'
}
