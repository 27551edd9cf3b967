/** Sources of Go, and the progress of a build with it. */
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createBuildProgress, parsePackages } from '../../../../../infra/local/programs/go-build.ts'
import {
  GO_PROGRAMS_DIR,
  isRecentGo,
  neededVersion,
} from '../../../../../infra/local/programs/go-toolchain.ts'
import { proxiesIn, toolchainHere, unpack } from '../../../../../infra/local/programs/go-toolchain.ts'
import { readZip } from '../../../../../infra/local/programs/zip.ts'
import { zipOf } from '../../../../helpers/zip.ts'

describe('an installed Go', () => {
  it.each([
    { output: 'go version go1.26.8 linux/amd64', isRecent: true },
    { output: 'go version go1.24.0 darwin/arm64', isRecent: true },
    { output: 'go version go1.24rc1 linux/amd64', isRecent: true },
    { output: 'go version devel go1.27-abcdef linux/amd64', isRecent: true },
    { output: 'go version go2.0 linux/amd64', isRecent: true },
    { output: 'go version go1.19.8 linux/amd64', isRecent: false },
    { output: 'Go, the game', isRecent: false },
    { output: '', isRecent: false },
  ])('is recent enough for the module: $isRecent of "$output"', ({ output, isRecent }) => {
    expect(isRecentGo(output, [1, 24])).toBe(isRecent)
  })

  it('must be at least the version that the module requires', async () => {
    const goMod = await readFile(join(GO_PROGRAMS_DIR, 'go.mod'), 'utf8')
    expect(neededVersion(goMod)[1]).toBeGreaterThanOrEqual(24)
    expect(neededVersion('module x\n\ngo 1.30.1\n')).toEqual([1, 30])
  })
})

describe('the module proxies', () => {
  it.each([
    { setting: undefined, proxies: ['https://proxy.golang.org'] },
    { setting: 'direct', proxies: [] },
    { setting: 'off', proxies: [] },
    { setting: 'https://a.example/x/,direct', proxies: ['https://a.example/x'] },
    {
      setting: 'https://a.example|https://b.example,off,https://c.example',
      proxies: ['https://a.example', 'https://b.example'],
    },
  ])('of GOPROXY=$setting are $proxies', ({ setting, proxies }) => {
    expect(proxiesIn(setting)).toEqual(proxies)
  })
})

describe('Go as a module', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sluice-toolchain-'))
  })
  afterEach(() => rm(dir, { recursive: true }))
  const prefix = 'golang.org/toolchain@v0.0.1-go1.0.linux-amd64/'
  const entries = (names: readonly string[]) => readZip(zipOf(names.map((name) => ({ name, bytes: name }))))

  it('is unpacked with executable programs, and the standard library as a module', async () => {
    const home = join(dir, 'go')
    const names = ['bin/go', 'pkg/tool/linux_amd64/compile', 'src/_go.mod', 'src/fmt/print.go']
    await unpack(entries(names.map((name) => prefix + name)), prefix, home)
    const modes = await Promise.all(
      ['bin/go', 'pkg/tool/linux_amd64/compile', 'src/go.mod', 'src/fmt/print.go'].map(
        async (name) => (await stat(join(home, name))).mode & 0o111,
      ),
    )
    expect(modes.map((mode) => mode !== 0)).toEqual([true, true, false, false])
  })

  it('has the hash that Go computes over all its files, in the order of their names', async () => {
    const sha256 = (text: string) => createHash('sha256').update(text)
    const line = (name: string) => `${sha256(prefix + name).digest('hex')}  ${prefix}${name}\n`
    const sum = await unpack(entries([`${prefix}src/b`, `${prefix}bin/a`]), prefix, join(dir, 'go'))
    expect(sum).toBe(`h1:${sha256(line('bin/a') + line('src/b')).digest('base64')}`)
  })

  it.each([`${prefix}../../x`, 'elsewhere/x', `${prefix}a/../../../x`])(
    'writes nothing outside of its folder: %s',
    async (name) => {
      await expect(unpack(entries([name]), prefix, join(dir, 'go'))).rejects.toThrow('an unexpected name')
      await expect(stat(join(dir, 'x'))).rejects.toThrow('ENOENT')
    },
  )

  it('exists for common machines', () => {
    expect(toolchainHere('linux', 'x64')).toBe('linux-amd64')
    expect(toolchainHere('darwin', 'arm64')).toBe('darwin-arm64')
    expect(toolchainHere('win32', 'x64')).toBeUndefined()
  })
})

describe('the progress of a build', () => {
  it('counts the packages of an earlier build, and each package once', () => {
    const { total, stale } = parsePackages('a/x false\na/y true\nb true\nstd/c false\n')
    const progress = createBuildProgress(total, stale)
    expect(progress.text()).toBe('2 of 4 packages')
    for (const line of ['a/y', 'a/y', '# a/y', 'go: downloading b', 'std/c']) progress.onLine(line)
    expect(progress.text()).toBe('3 of 4 packages')
    progress.onLine('b')
    expect(progress.text()).toBe('4 of 4 packages')
  })
})
