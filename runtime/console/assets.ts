/** The sheet, the scripts and the icon of the pages: read from disk once, and sent as they are. @module */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { brotliCompress, gzip } from 'node:zlib'
import type { Context } from 'hono'
import { ProblemError } from '../api/http/problem.ts'

const TYPES = { css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml' } as const
const FOLDER = new URL('./assets/', import.meta.url)
/** One on the wire, several on disk: in the order of their names, since later rules win. */
const SHEET = new URL('sheet/', FOLDER)

interface Asset {
  readonly type: string
  readonly etag: string
  readonly plain: Buffer
  readonly br: Buffer
  readonly gzip: Buffer
}

export interface Assets {
  /** @throws {ProblemError} 404 for a name that is none of them */
  answer(c: Context, name: string): Promise<Response>
}

export function createAssets(): Assets {
  const sources = new Map<string, () => Promise<Buffer>>([
    ['console.css', readSheet],
    ['console.js', () => readFile(new URL('console.js', FOLDER))],
    ['icon.svg', () => readFile(new URL('icon.svg', FOLDER))],
  ])
  const known = new Map<string, Promise<Asset>>()

  return {
    async answer(c, name) {
      const read = sources.get(name)
      if (read === undefined) throw new ProblemError(404, `there is no asset "${name}"`)
      const asset = known.get(name) ?? packed(name, await read())
      known.set(name, asset)
      return send(c, await asset)
    },
  }
}

async function readSheet(): Promise<Buffer> {
  const names = (await readdir(SHEET)).sort()
  return Buffer.concat(await Promise.all(names.map((name) => readFile(new URL(name, SHEET)))))
}

async function packed(name: string, plain: Buffer): Promise<Asset> {
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1) as keyof typeof TYPES]
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`
  const [br, zipped] = await Promise.all([promisify(brotliCompress)(plain), promisify(gzip)(plain)])
  return { type: `${type}; charset=utf-8`, etag, plain, br, gzip: zipped }
}

function send(c: Context, asset: Asset): Response {
  const encoding = encodingFor(c.req.header('accept-encoding') ?? '')
  const headers = {
    'content-type': asset.type,
    etag: asset.etag,
    // Asked for each time, and answered with 304 until the next version is installed.
    'cache-control': 'no-cache',
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
