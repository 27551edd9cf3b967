import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { findOnPath } from '../../infra/local/programs/programs.ts'
import { pathWithout } from '../path-without.ts'

const dir = mkdtempSync(join(tmpdir(), 'path-without-'))
afterAll(() => rmSync(dir, { recursive: true }))

it('hides a program in every folder of a path, and keeps the other files', async () => {
  for (const [folder, names] of [
    ['one', ['ffmpeg', 'redis-server']],
    ['two', ['mc']],
    ['three', ['ffmpeg', 'npm']],
  ] as const) {
    mkdirSync(join(dir, folder))
    for (const name of names) {
      writeFileSync(join(dir, folder, name), '#!/bin/sh\n')
      chmodSync(join(dir, folder, name), 0o755)
    }
  }
  const target = join(dir, 'target')
  mkdirSync(target)
  const folders = ['one', 'two', 'nowhere', 'three'].map((name) => join(dir, name))
  const path = await pathWithout(['ffmpeg'], folders.join(delimiter), target)
  expect(await findOnPath('ffmpeg', path)).toBeUndefined()
  for (const name of ['redis-server', 'mc', 'npm']) expect(await findOnPath(name, path)).toContain(name)
  expect(path.split(delimiter)).toContain(join(dir, 'two'))
})
