/** One server for programs and people: decides which of both a request is for. @module */

/** Serves requests, as Hono's apps do. */
export interface App {
  fetch(request: Request, env?: unknown): Response | Promise<Response>
}

/** First segments of paths that belong to the HTTP interface; all others are pages. */
const OF_API = ['v1', 'healthz', 'readyz', 'metrics', 'openapi.json']

export function createFront(api: App, pages: App): App {
  return {
    fetch(request, env) {
      const [, segment = ''] = /^[^:]+:\/\/[^/?#]*\/?([^/?#]*)/.exec(request.url) ?? []
      return (OF_API.includes(segment) ? api : pages).fetch(request, env)
    },
  }
}
