/** `sluice console`. */
import { describe, expect, it } from 'vitest'
import { useFakeApi } from './fake-api.ts'

const fake = useFakeApi()
const ask = (env: Record<string, string>, ...words: readonly string[]) =>
  fake.ask(['console', ...words], () => ({ body: {} }), { env: { SLUICE_API_URL: '', ...env } })
const ADMIN = 'a'.repeat(32)

describe('console', () => {
  it('prints the address, and nothing else, while nobody has to log in', async () => {
    expect(await ask({ SLUICE_API_PORT: '8123', SLUICE_BASE_PATH: '/sluice' })).toMatchObject({
      code: 0,
      out: 'http://127.0.0.1:8123/sluice/\n',
      err: '',
    })
  })

  it('prints a link that logs in where tokens are set, without any of them', async () => {
    const { out } = await ask({ SLUICE_TOKEN_ADMIN: ADMIN, SLUICE_TOKEN_READER: 'r'.repeat(32) })
    expect(out).toMatch(/^http:\/\/127\.0\.0\.1:8080\/login\?link=1\.admin\.\d+\.[\w-]+\.[\w-]+\n$/)
    expect(out).not.toContain(ADMIN)
  })

  it('makes no link for another runtime, whose tokens are not known here', async () => {
    const env = { SLUICE_TOKEN_ADMIN: ADMIN, SLUICE_API_URL: 'https://media.example.org' }
    expect((await ask(env)).out).toBe('https://media.example.org/\n')
  })

  it('uses the address of people, where it is set', async () => {
    const env = { SLUICE_TOKEN_OPERATOR: ADMIN, SLUICE_CONSOLE_URL: 'https://media.example.org/sluice/' }
    expect((await ask(env)).out).toMatch(/^https:\/\/media\.example\.org\/sluice\/login\?link=1\.operator\./)
    expect(JSON.parse((await ask(env, '--json')).out)).toMatchObject({
      url: 'https://media.example.org/sluice',
      loginUrl: expect.stringContaining('/sluice/login?link='),
    })
  })
})
