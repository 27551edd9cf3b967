import { describe, expect, it } from 'vitest'
import { readConfig } from '../../../runtime/settings/config.ts'
import { srtDoors } from '../../../runtime/settings/streams.ts'

describe('SLUICE_SRT', () => {
  it('names a port and the file of a passphrase for each stream', () => {
    const doors = [{ name: 'cam1', port: 10_081, passphraseFile: '/run/secrets/cam1' }]
    expect(srtDoors(JSON.stringify(doors))).toEqual(doors)
    expect(srtDoors('[]')).toEqual([])
  })

  it.each([
    { text: '{', issue: /as JSON, such as \[\{"name":"cam1"/ },
    {
      text: '[{"name":"Cam 1","port":1,"passphraseFile":"x"}]',
      issue: /^0\.name must have 1 to 64 of a-z/,
    },
    { text: '[{"name":"cam1","port":0,"passphraseFile":"x"}]', issue: /^0\.port must be at least 1/ },
    { text: '[{"name":"cam1","port":1}]', issue: /^0\.passphraseFile is missing/ },
    {
      text: '[{"name":"a","port":1,"passphraseFile":"x"},{"name":"b","port":1,"passphraseFile":"y"}]',
      issue: /two entries have the port 1/,
    },
    {
      text: '[{"name":"a","port":1,"passphraseFile":"x"},{"name":"a","port":2,"passphraseFile":"y"}]',
      issue: /two entries have the name a/,
    },
  ])('refuses $text', ({ text, issue }) => {
    expect(() => srtDoors(text)).toThrow(issue)
  })

  it('does not show a passphrase that was written into it', () => {
    const { issues } = readConfig({ SLUICE_SRT: '[{"name":"cam1","port":1,"passphrase":"not-for-the-log"}]' })
    expect(issues).toEqual([expect.stringMatching(/^SLUICE_SRT: 0\.passphraseFile is missing/)])
    expect(issues.join()).not.toContain('not-for-the-log')
  })
})

describe('SLUICE_STREAMS_SPOOL_DIR', () => {
  const withSpool = (dir: string) => ({
    SLUICE_ROLES: 'streams',
    SLUICE_SCRATCH_DIR: '/data/scratch',
    SLUICE_STREAMS_SPOOL_DIR: dir,
  })

  it.each(['/data/scratch', '/data/scratch/spool'])('may not be in the folder that is emptied: %s', (dir) => {
    const { issues } = readConfig(withSpool(dir))
    expect(issues).toEqual([expect.stringMatching(/^SLUICE_STREAMS_SPOOL_DIR: .* choose another folder/)])
  })

  it('may be beside it', () => {
    expect(readConfig(withSpool('/data/scratch-of-streams')).issues).toEqual([])
  })

  it('does not matter to a machine that receives no streams', () => {
    expect(readConfig({ ...withSpool('/data/scratch'), SLUICE_ROLES: 'worker' }).issues).toEqual([])
  })
})
