import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openPendingFolders } from '../../../../runtime/reception/doors/pending.ts'
import { pendingFolder } from '../../../../runtime/reception/names.ts'
import { createLogger } from '../../../../runtime/telemetry/logger.ts'
import { DAY_MS } from '../../../../runtime/time.ts'

const log = createLogger({ level: 'silent', format: 'json' })
let spoolDir = ''
beforeEach(() => {
  spoolDir = mkdtempSync(join(tmpdir(), 'sluice-pending-'))
})
afterEach(() => rmSync(spoolDir, { recursive: true }))

/** As a receiver has left it. */
function left(id: string, owner: object, ageMs: number): void {
  const path = pendingFolder(spoolDir, id)
  mkdirSync(path, { recursive: true })
  writeFileSync(join(path, 'owner.json'), JSON.stringify(owner))
  const at = new Date(Date.now() - ageMs)
  utimesSync(path, at, at)
}

it('removes the folders of dead receivers, those of other hosts once they were not marked for a day', async () => {
  left('dead', { hostname: 'here', pid: 0, startedAt: '' }, 0)
  left('elsewhere', { hostname: 'another-host', pid: 7, startedAt: 'x' }, 60_000)
  left('long-ago', { hostname: 'another-host', pid: 7, startedAt: 'x' }, 2 * DAY_MS)
  const pending = await openPendingFolders(spoolDir, log)
  const names = readdirSync(dirname(pendingFolder(spoolDir, 'x')))
  expect(names.filter((name) => ['dead', 'elsewhere', 'long-ago'].includes(name))).toEqual(['elsewhere'])
  await pending.close()
})

it('makes an empty folder for each FFmpeg, and leaves none behind', async () => {
  const pending = await openPendingFolders(spoolDir, log)
  const [one, two] = [await pending.make(), await pending.make()]
  expect(one).not.toBe(two)
  expect(readdirSync(one)).toEqual([])
  await pending.remove(one)
  await pending.close()
  expect(readdirSync(dirname(pendingFolder(spoolDir, 'x')))).toEqual([])
})
