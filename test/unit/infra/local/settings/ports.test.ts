import { createServer } from 'node:net'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import {
  freePort,
  isPortFree,
  parseLsof,
  parseSs,
  portMessage,
  wantedPorts,
} from '../../../../../infra/local/settings/ports.ts'
import { loadLocalSettings } from '../../../../../infra/local/settings/settings.ts'

describe('the holder of a port', () => {
  it('is read from lsof', () => {
    expect(parseLsof('p123\ncminio\nf7\n')).toEqual({ pid: 123, command: 'minio' })
    expect(parseLsof('')).toBeUndefined()
  })

  it('is read from ss', () => {
    const line = 'LISTEN 0 511 127.0.0.1:6379 0.0.0.0:* users:(("redis-server",pid=9,fd=6))'
    expect(parseSs(line)).toEqual({ pid: 9, command: 'redis-server' })
    expect(parseSs('LISTEN 0 511 127.0.0.1:6379 0.0.0.0:*')).toBeUndefined()
  })
})

describe('a taken port', () => {
  const wanted = { port: 9000, purpose: 'MinIO', setting: 'SLUICE_LOCAL_MINIO_PORT' }

  it('is reported with its holder, another port and an alternative', () => {
    const message = portMessage({ ...wanted, use: 'MINIO_ENDPOINT=…' }, { command: 'python3', pid: 7 })
    expect(message).toContain('Port 9000 for MinIO is taken by python3 (pid 7).')
    expect(message).toContain('SLUICE_LOCAL_MINIO_PORT=19000')
    expect(message).toContain('or use the running server: MINIO_ENDPOINT=…')
  })

  it('is reported without a holder if none is found', () => {
    expect(portMessage(wanted, undefined)).toContain('Port 9000 for MinIO is taken.\n')
  })

  it('gets a valid port as its alternative', () => {
    expect(portMessage({ ...wanted, port: 60_000 }, undefined)).toContain('SLUICE_LOCAL_MINIO_PORT=50000')
  })

  it('does not matter for given servers, nor for an API that does not run here', () => {
    const given = { REDIS_URL: 'redis://127.0.0.1:1', MINIO_ENDPOINT: 'http://127.0.0.1:2' }
    expect(wantedPorts(loadLocalSettings(given)).map(({ port }) => port)).toEqual([8080])
    expect(wantedPorts(loadLocalSettings({ ...given, SLUICE_ROLES: 'worker' }))).toEqual([])
    const streams = { ...given, SLUICE_ROLES: 'streams' }
    expect(wantedPorts(loadLocalSettings(streams)).map(({ port }) => port)).toEqual([8082, 1935])
    expect(wantedPorts(loadLocalSettings({ ...streams, SLUICE_RTMP_PORT: '0' })).length).toBe(1)
  })
})

describe('a free port', () => {
  it('can be listened on, and is then not free', async () => {
    const port = await freePort()
    const server = createServer().listen(port, '127.0.0.1')
    await once(server, 'listening')
    expect(await isPortFree(port)).toBe(false)
    server.close()
    await once(server, 'close')
    expect(await isPortFree(port)).toBe(true)
  })
})
