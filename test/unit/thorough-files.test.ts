import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { leftOut, THOROUGH_FILES } from '../thorough-files.ts'

const rootDir = join(import.meta.dirname, '..', '..')

describe('test files that only CI runs', () => {
  it('exist', () => {
    const missing = THOROUGH_FILES.filter((file) => !existsSync(join(rootDir, 'test', `${file}.test.ts`)))
    expect(missing).toEqual([])
  })

  it('are left out of a plain run, but not of a thorough one', () => {
    expect(leftOut([], false)).toHaveLength(THOROUGH_FILES.length)
    expect(leftOut([], true)).toEqual([])
  })

  it('run when they are named', () => {
    expect(leftOut(['run', 'test/fault/uploads.test.ts'], false)).not.toContain('test/fault/uploads.test.ts')
    expect(leftOut(['--project', 'fault'], false)).toContain('test/fault/uploads.test.ts')
  })
})
