import { describe, expect, it } from 'vitest'
import { checkHost } from '../../../../../runtime/reception/doors/pull/allowed-host.ts'
import { pullHosts } from '../../../../../runtime/settings/pull-hosts.ts'

const NAMES: Readonly<Record<string, readonly string[]>> = {
  'camera.example': ['192.0.2.7'],
  'both.example': ['203.0.113.9', '192.0.2.8'],
  'inside.example': ['169.254.169.254'],
}

function ask(list: string, host: string, port = 554, asked: string[] = []) {
  return checkHost(pullHosts(list), { host, port }, (name) => {
    asked.push(name)
    const found = NAMES[name]
    return found
      ? Promise.resolve(found)
      : Promise.reject(Object.assign(new Error(name), { code: 'ENOTFOUND' }))
  })
}

describe('the decision about a host', () => {
  it('gives the address of a listed name, so that nobody resolves it again', async () => {
    expect(await ask('camera.example', 'camera.example')).toEqual({ kind: 'allowed', address: '192.0.2.7' })
    expect(await ask('192.0.2.7:554', '192.0.2.7')).toEqual({ kind: 'allowed', address: '192.0.2.7' })
  })

  it('takes the address of a name that is in a listed network, and no other', async () => {
    expect(await ask('192.0.2.0/24', 'both.example')).toEqual({ kind: 'allowed', address: '192.0.2.8' })
    expect(await ask('192.0.2.0/24', 'inside.example')).toMatchObject({ kind: 'refused' })
  })

  it('refuses what is not listed, and does not even look its name up', async () => {
    const asked: string[] = []
    expect(await ask('camera.example:554', 'inside.example', 554, asked)).toEqual({
      kind: 'refused',
      why: 'inside.example:554 is not in SLUICE_STREAMS_PULL_HOSTS',
    })
    expect(await ask('camera.example:554', 'camera.example', 80, asked)).toMatchObject({ kind: 'refused' })
    expect(await ask('', '127.0.0.1', 80, asked)).toMatchObject({ kind: 'refused' })
    expect(asked).toEqual([])
  })

  it('says when a listed name cannot be resolved', async () => {
    expect(await ask('gone.example', 'gone.example')).toEqual({
      kind: 'unresolved',
      why: 'gone.example cannot be resolved (ENOTFOUND)',
    })
  })
})
