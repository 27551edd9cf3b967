import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkConsole } from '../../../../runtime/cli/doctor/console.ts'
import type { Finding } from '../../../../runtime/cli/doctor/finding.ts'
import { loadConfig } from '../../../../runtime/settings/config.ts'

let server: Server
let url: string
beforeAll(async () => {
  server = createServer((request, response) => {
    const isPage = request.url?.startsWith('/sluice/') === true || request.url === '/login'
    response.writeHead(isPage ? 200 : 404, { 'content-type': isPage ? 'text/html' : 'application/json' })
    response.end(isPage ? '<title>Log in · Sluice</title>' : '{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())

async function findings(apiUrl: string, consoleUrl?: string): Promise<readonly Finding[]> {
  const config = loadConfig(consoleUrl === undefined ? {} : { SLUICE_CONSOLE_URL: consoleUrl })
  const found: Finding[] = []
  for await (const each of checkConsole(apiUrl, { config, invocation: 'sluice' })) found.push(each)
  return found
}
const statuses = (found: readonly Finding[]) => found.map(({ check, status }) => [check, status])

describe('of the console, doctor', () => {
  it('says where it is, and where people reach it', async () => {
    expect(statuses(await findings(url))).toEqual([['console', 'ok']])
    expect(statuses(await findings(url, `${url}/sluice`))).toEqual([
      ['console', 'ok'],
      ['SLUICE_CONSOLE_URL', 'ok'],
    ])
  })

  it('warns where something else answers, or nothing', async () => {
    expect(statuses(await findings(`${url}/old`))).toEqual([['console', 'warn']])
    expect(statuses(await findings(url, `${url}/other`))).toContainEqual(['SLUICE_CONSOLE_URL', 'warn'])
    const [, nothing] = await findings(url, 'http://127.0.0.1:1')
    expect(nothing).toMatchObject({ status: 'warn', found: expect.stringContaining('lead nowhere') })
  })
})
