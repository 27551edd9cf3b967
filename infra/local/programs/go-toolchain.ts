/**
 * Finds an installed Go that can build the module in `go-programs/`, and fetches Go for machines that have none: it is a module (`golang.org/toolchain`) on the module proxy of Go's settings,
 * and its hash is pinned here.
 * @module
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { arch, homedir, platform } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { messageOf } from '../../../runtime/errors.ts'
import { SECOND_MS } from '../../../runtime/time.ts'
import type { Say } from '../terminal.ts'
import { readZip, type ZipEntry } from './zip.ts'
import type { Environment } from '../../../runtime/settings/files.ts'
import { PATIENCE_MS } from '../patience.ts'
import { rootDir } from '../root.ts'
import { findAllOnPath } from './programs.ts'

const MODULE = 'golang.org/toolchain'
const GO_VERSION = '1.26.8'
/** In the form of go.sum; Go's checksum database has the same. */
const SUMS: Readonly<Record<string, string>> = {
  'linux-amd64': 'h1:ZOmGe1OnfREDMIdb1Qi4G9JSuDPBLGExZMQ4nis1RXM=',
  'linux-arm64': 'h1:sYL/O6MqS68ML0kjsQ36WoYIpJqkw60TxizWUYUKQMc=',
  'darwin-amd64': 'h1:7/9KPPN8PckcA9s91hm2jmQMhzW4KyTJXHIs45L0C9M=',
  'darwin-arm64': 'h1:dFjGhY6f8DTsY8/rLchUTDRRfjJP4pCrGCwxvHFT2Fg=',
}
const BYTES_PER_MB = 1_000_000

/** Undefined if no Go is known for this kind of machine. */
export function toolchainHere(os: string = platform(), cpu: string = arch()): string | undefined {
  const kind = `${os}-${cpu === 'x64' ? 'amd64' : cpu}`
  return SUMS[kind] ? kind : undefined
}

/**
 * The path of its `go`, below `dir`; fetched if it is missing.
 *
 * @throws {Error} with the answer of each proxy, or because the bytes are not the pinned ones
 */
export async function ensureToolchain(kind: string, dir: string, progress: Say): Promise<string> {
  const home = join(dir, `go-${GO_VERSION}-${kind}`)
  const go = join(home, 'bin', 'go')
  if (await isThere(go)) return go
  const version = `v0.0.1-go${GO_VERSION}.${kind}`
  const startedMs = performance.now()
  const zip = await fetchFromAny(`${MODULE}/@v/${version}.zip`)
  const entries = readZip(zip)
  const sum = await unpack(entries, `${MODULE}@${version}/`, `${home}.part`)
  if (sum !== SUMS[kind]) {
    await rm(`${home}.part`, { recursive: true, force: true })
    throw new Error(
      `the module proxy returned another Go than the pinned one: ${MODULE} ${version} has the hash ${sum} instead of ${SUMS[kind]}`,
    )
  }
  await rename(`${home}.part`, home)
  const seconds = ((performance.now() - startedMs) / SECOND_MS).toFixed(0)
  progress(
    `Fetched Go ${GO_VERSION} to build with (${Math.round(zip.length / BYTES_PER_MB)} MB, ${seconds} s)`,
  )
  return go
}

/** Writes every file below `dir`, and returns the hash of all, as Go computes it. */
export async function unpack(entries: readonly ZipEntry[], prefix: string, dir: string): Promise<string> {
  await rm(dir, { recursive: true, force: true })
  const lines: string[] = []
  const made = new Set<string>()
  for (const { name, read } of entries) {
    const path = name.slice(prefix.length)
    if (!name.startsWith(prefix) || path.split('/').includes('..') || path.includes('\\'))
      throw new Error(`the zip file contains an unexpected name: ${name}`)
    const bytes = read()
    lines.push(`${createHash('sha256').update(bytes).digest('hex')}  ${name}\n`)
    // A module may not contain the go.mod of another one, so the standard library's has this name (Go's own command renames it too).
    const target = join(dir, path.replace(/(^|\/)_go\.mod$/, '$1go.mod'))
    if (!made.has(dirname(target))) await mkdir(dirname(target), { recursive: true })
    made.add(dirname(target))
    await writeFile(target, bytes)
    if (/^(?:bin|pkg\/tool)\//.test(path)) await chmod(target, 0o755)
  }
  return dirHash(lines)
}

/** @see https://pkg.go.dev/golang.org/x/mod/sumdb/dirhash#Hash1 */
function dirHash(lines: readonly string[]): string {
  const sorted = lines.toSorted((a, b) => Buffer.compare(Buffer.from(a.slice(66)), Buffer.from(b.slice(66))))
  return `h1:${createHash('sha256').update(sorted.join('')).digest('base64')}`
}

async function fetchFromAny(path: string): Promise<Buffer> {
  const failures: string[] = []
  for (const proxy of await moduleProxies()) {
    try {
      return await fetchFrom(proxy, path)
    } catch (error) {
      const { cause } = error as { cause?: unknown }
      failures.push(`${withoutPassword(proxy)}: ${cause ? messageOf(cause) : messageOf(error)}`)
    }
  }
  throw new Error(
    failures.length > 0
      ? `Go could not be fetched from a module proxy: ${failures.join('; ')}`
      : 'Go could not be fetched: GOPROXY allows no module proxy',
  )
}

async function fetchFrom(proxy: string, path: string): Promise<Buffer> {
  const url = new URL(`${proxy}/${path}`)
  if (url.protocol === 'file:') return readFile(fileURLToPath(url))
  const { username, password } = url
  url.username = url.password = ''
  const basic = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString(
    'base64',
  )
  const response = await fetch(url, { headers: username ? { authorization: `Basic ${basic}` } : {} })
  if (!response.ok) throw new Error(`HTTP ${response.status}`)
  return Buffer.from(await response.arrayBuffer())
}

function withoutPassword(proxy: string): string {
  if (!URL.canParse(proxy)) return 'a value of GOPROXY that is not a URL'
  const url = new URL(proxy)
  url.username = url.password = ''
  return url.href
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** @see https://go.dev/ref/mod#environment-variables */
const DEFAULT = 'https://proxy.golang.org,direct'

/** Base URLs in the order of requests; empty if the settings allow none. */
export function proxiesIn(setting: string | undefined): readonly string[] {
  const found: string[] = []
  for (const part of (setting || DEFAULT).split(/[,|]/).map((text) => text.trim())) {
    if (part === 'off') break
    // `direct` means the source of a module; Go's toolchain is only on the proxies.
    if (part !== '' && part !== 'direct') found.push(part.replace(/\/+$/, ''))
  }
  return found
}

export async function moduleProxies(env: Environment = process.env): Promise<readonly string[]> {
  return proxiesIn(env['GOPROXY'] || (await fromFile(env)))
}

/** The value that `go env -w GOPROXY=…` wrote. */
async function fromFile(env: Environment): Promise<string | undefined> {
  if (env['GOENV'] === 'off') return undefined
  const config =
    platform() === 'darwin'
      ? join(homedir(), 'Library', 'Application Support')
      : env['XDG_CONFIG_HOME'] || join(homedir(), '.config')
  const text = await readFile(env['GOENV'] || join(config, 'go', 'env'), 'utf8').catch(() => '')
  return /^GOPROXY=(.*)$/m.exec(text)?.[1]
}

const run = promisify(execFile)

export const GO_PROGRAMS_DIR = join(rootDir, 'infra', 'local', 'programs', 'go-programs')

/** The first Go that is new enough. Go's own installer does not put itself on PATH. */
export async function findGo(): Promise<string | undefined> {
  const needed = neededVersion(await readFile(join(GO_PROGRAMS_DIR, 'go.mod'), 'utf8'))
  const paths = [...(await findAllOnPath('go')), ...(await findAllOnPath('go', '/usr/local/go/bin'))]
  for (const path of paths) {
    // Without GOTOOLCHAIN=local an old Go would fetch a newer one at once, whose hash is not pinned here.
    const env = { ...process.env, GOTOOLCHAIN: 'local' }
    const { stdout } = await run(path, ['version'], { env, timeout: PATIENCE_MS }).catch(() => ({
      stdout: '',
    }))
    if (isRecentGo(stdout, needed)) return path
  }
  return undefined
}

export type GoVersion = readonly [major: number, minor: number]

/** Shape: a line `go 1.24.0`. */
export function neededVersion(goMod: string): GoVersion {
  return versionOf(/^go (\S+)$/m.exec(goMod)?.[1] ?? '') ?? [1, 24]
}

/** Shape: `go version go1.26.8 linux/amd64`; builds from Go's own sources print `devel`, and are trusted. */
export function isRecentGo(output: string, needed: GoVersion): boolean {
  if (output.startsWith('go version devel ')) return true
  const found = versionOf(/^go version go(\S+)/.exec(output)?.[1] ?? '')
  if (!found) return false
  return found[0] > needed[0] || (found[0] === needed[0] && found[1] >= needed[1])
}

function versionOf(text: string): GoVersion | undefined {
  const match = /^(\d+)\.(\d+)/.exec(text)
  return match ? [Number(match[1]), Number(match[2])] : undefined
}
