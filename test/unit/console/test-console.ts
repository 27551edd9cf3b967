/** The console over services that each test answers for. @module */
import { createConsole, type ConsoleParts } from '../../../runtime/console/console.tsx'
import { createLogger } from '../../../runtime/telemetry/logger.ts'
import { type Answers, type Call, servicesOf } from '../api/test-api.ts'

export function createTestConsole(answers: Answers = {}, parts: Partial<ConsoleParts> = {}) {
  const calls: Call[] = []
  const app = createConsole({
    services: servicesOf(answers, calls),
    tokens: {},
    base: '',
    log: createLogger({ level: 'silent', format: 'json' }),
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

/** Of a change that a form of our own page sends. */
export function formOf(fields: Readonly<Record<string, string>> = {}, headers: Record<string, string> = {}) {
  return {
    method: 'POST',
    body: new URLSearchParams(fields),
    headers: { 'sec-fetch-site': 'same-origin', ...headers },
  }
}
