import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { GO_PACKAGES } from '../../infra/local/programs/go-build.ts'
import { judge, pythonTool } from '../helpers/checkers.ts'
import { loadCompose, ROOT_DIR } from '../helpers/compose.ts'

const read = (path: string) => readFileSync(join(ROOT_DIR, path), 'utf8')
const INSTALL_MS = 180_000

describe('the images', () => {
  it(
    'are made by Dockerfiles in which hadolint finds nothing',
    async () => {
      const hadolint = await pythonTool('hadolint')
      for (const path of ['Dockerfile', 'infra/minio/Dockerfile']) {
        const judged = await judge(hadolint, ['--failure-threshold', 'style', join(ROOT_DIR, path)])
        expect({ path, ...judged }).toEqual({ path, isFine: true, output: '' })
      }
    },
    INSTALL_MS,
  )

  it('have MinIO and its client in the versions of the local stack: both build one module, whose sums are pinned', () => {
    const dockerfile = read('infra/minio/Dockerfile')
    expect(dockerfile).toContain('COPY go.mod go.sum ./')
    expect(dockerfile).toContain(`-o /out/ ${Object.values(GO_PACKAGES).join(' ')}`)
    // No version other than those of the module.
    expect(dockerfile).not.toMatch(/github\.com\/\S+@/)
    const [goMod, goSum] = [
      read('infra/local/programs/go-programs/go.mod'),
      read('infra/local/programs/go-programs/go.sum'),
    ]
    for (const path of Object.values(GO_PACKAGES)) {
      const version = new RegExp(`${path} (v\\S+)`).exec(goMod)?.[1]
      expect(version).toMatch(/^v/)
      expect(goSum).toContain(`${path} ${version} h1:`)
    }
  })

  it('take mc from the same published image everywhere', () => {
    const image = /quay\.io\/minio\/mc:\S+@sha256:[0-9a-f]{64}/
    expect(image.exec(read('Dockerfile'))?.[0]).toBe(image.exec(read('docker-compose.yml'))?.[0])
  })

  it('run Node in the version that the project requires', () => {
    const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } }
    expect(/NODE_IMAGE=node:(\d+)-/.exec(read('Dockerfile'))?.[1]).toBe(/\d+/.exec(engines.node)?.[0])
  })

  it('are built from an allow-list of files, so that no secret reaches the builder', async () => {
    const [first, ...rest] = read('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
    expect(first).toBe('*')
    const allowed = rest.map((line) => line.replace(/^!/, ''))
    expect(rest.every((line) => line.startsWith('!'))).toBe(true)
    const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, words = '']) =>
      words.split(' '),
    )
    expect(new Set(allowed)).toEqual(new Set(copied))
    const { secrets } = await loadCompose()
    const folders = Object.values(secrets).map(({ file }) => file.slice(ROOT_DIR.length + 1).split('/')[0])
    expect(new Set(folders)).toEqual(new Set(['secrets']))
    expect(read('.gitignore').split('\n')).toEqual(expect.arrayContaining(['/secrets', '.env']))
  })
})
