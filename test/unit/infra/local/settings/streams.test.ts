import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { isPortFree } from '../../../../../infra/local/settings/ports.ts'
import { loadLocalSettings } from '../../../../../infra/local/settings/settings.ts'
import { withStreams } from '../../../../../infra/local/settings/streams.ts'

it('npm start receives streams, with a spool beside its data', async () => {
  const { config } = loadLocalSettings(await withStreams({}, '/data'))
  expect(config.roles).toEqual(['api', 'intake', 'worker', 'streams'])
  expect(config.streams.spoolDir).toBe('/data/spool')
})

it('npm start leaves roles, ports and the spool to those who choose them', async () => {
  const chosen = {
    SLUICE_ROLES: 'worker',
    SLUICE_STREAMS_PORT: '9',
    SLUICE_RTMP_PORT: '0',
    SLUICE_STREAMS_SPOOL_DIR: '/disk',
  }
  expect(await withStreams(chosen, '/data')).toEqual(chosen)
})

it('a usual port that another program has is replaced by a free one', async () => {
  const other = createServer().listen(1935, '127.0.0.1')
  // Taken already, by whatever program: that will do.
  await once(other, 'listening').catch(() => undefined)
  const { SLUICE_RTMP_PORT: port } = await withStreams({}, '/data')
  expect(port).not.toBe('1935')
  expect(await isPortFree(Number(port))).toBe(true)
  other.close()
})
