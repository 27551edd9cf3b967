/** Where Go's settings send requests for modules. Pure but for the file of `go env -w`. @module */
import { readFile } from 'node:fs/promises'
import { homedir, platform } from 'node:os'
import { join } from 'node:path'

type Environment = Readonly<Record<string, string | undefined>>

/** @see https://go.dev/ref/mod#environment-variables */
const DEFAULT = 'https://proxy.golang.org,direct'

/** Base URLs in the order in which they are asked; empty when the settings allow none. */
export function proxiesIn(setting: string | undefined): readonly string[] {
  const found: string[] = []
  for (const part of (setting || DEFAULT).split(/[,|]/).map((text) => text.trim())) {
    if (part === 'off') break
    // Straight from the source: Go's toolchain has none but the proxies.
    if (part !== '' && part !== 'direct') found.push(part.replace(/\/+$/, ''))
  }
  return found
}

export async function moduleProxies(env: Environment = process.env): Promise<readonly string[]> {
  return proxiesIn(env['GOPROXY'] || (await fromFile(env)))
}

/** What `go env -w GOPROXY=…` wrote. */
async function fromFile(env: Environment): Promise<string | undefined> {
  if (env['GOENV'] === 'off') return undefined
  const config =
    platform() === 'darwin'
      ? join(homedir(), 'Library', 'Application Support')
      : env['XDG_CONFIG_HOME'] || join(homedir(), '.config')
  const text = await readFile(env['GOENV'] || join(config, 'go', 'env'), 'utf8').catch(() => '')
  return /^GOPROXY=(.*)$/m.exec(text)?.[1]
}
