/** A known path with another method is 405, with the ones that it has. @module */
import type { ApiApp } from './openapi.ts'
import { ProblemError } from './problem.ts'

/** To be called when all routes are there. */
export function addMethodGuards(app: ApiApp): void {
  const methodsByPath = new Map<string, Set<string>>()
  for (const { path, method } of app.routes) {
    if (method === 'ALL') continue
    const methods = methodsByPath.get(path) ?? new Set()
    methodsByPath.set(path, methods.add(method))
    // Hono answers it by the handler of GET.
    if (method === 'GET') methods.add('HEAD')
  }
  for (const [path, methods] of methodsByPath) {
    const allow = [...methods].sort().join(', ')
    app.all(path, (c) => {
      throw new ProblemError(405, `there is no ${c.req.method} here, only ${allow}`, { headers: { allow } })
    })
  }
}
