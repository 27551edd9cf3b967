/** The console over services that each test answers for. @module */
import { createFailedLogins } from '../../../runtime/api/login/failed-logins.ts'
import { createConsole } from '../../../runtime/console/console.tsx'
import type { ConsoleParts } from '../../../runtime/console/frame.tsx'
import { trustedProxies } from '../../../runtime/settings/trusted-proxies.ts'
import { createLogger } from '../../../runtime/telemetry/logger.ts'
import { type Answers, type Call, servicesOf } from '../api/test-api.ts'

/** Of a runtime that does nothing. */
const OVERVIEW: Answers['overview'] = {
  runs: () => Promise.resolve([]),
  deadCount: () => Promise.resolve(0),
  totals: () => Promise.resolve({ inbox: 0, bad: 0, delayed: 0, verdicts: 0, cleanups: 0, aside: 0 }),
}

export function createTestConsole(answers: Answers = {}, parts: Partial<ConsoleParts> = {}) {
  const calls: Call[] = []
  const app = createConsole({
    services: servicesOf({ ...answers, overview: { ...OVERVIEW, ...answers.overview } }, calls),
    tokens: {},
    base: '',
    around: {
      storeUrl: 'http://127.0.0.1:9000',
      region: 'us-east-1',
      uploader: 'uploader-1',
      localDir: '/home/me/sluice/.sluice',
    },
    trustedProxies: trustedProxies('loopback'),
    failedLogins: createFailedLogins(),
    log: createLogger({ level: 'silent', format: 'json' }),
    version: '1.2.3',
    tools: () => Promise.resolve({ ffmpeg: '5.1 (path)' }),
    health: () => Promise.resolve([{ name: 'redis', ok: true }]),
    ...parts,
  })
  return { app, calls }
}

export async function htmlOf(
  app: { request(path: string): Response | Promise<Response> },
  path: string,
): Promise<string> {
  return (await app.request(path)).text()
}

type Fields = Readonly<Record<string, string | readonly string[]>>

/** Of a change that a form of our own page sends. */
export function formOf(fields: Fields = {}, headers: Record<string, string> = {}) {
  return {
    method: 'POST',
    body: new URLSearchParams(
      Object.entries(fields).flatMap(([name, value]) =>
        [value].flat().map((each): [string, string] => [name, each]),
      ),
    ),
    headers: { 'sec-fetch-site': 'same-origin', ...headers },
  }
}
