/** The path below which a proxy serves the console and the API: SLUICE_BASE_PATH. Pure. @module */

/**
 * A request's target without the base. A target without it is left as it is: some proxies take it away, and probes come
 * without a proxy.
 *
 * @param target - such as `/sluice/v1/runs?limit=5`, or a whole URL
 */
export function withoutBase(target: string, base: string): string {
  if (base === '') return target
  const start = /^[a-z]+:\/\/[^/?#]*/i.exec(target)?.[0].length ?? 0
  const end = start + base.length
  if (!target.startsWith(base, start) || !['/', '?', '#', ''].includes(target.charAt(end))) return target
  const rest = target.slice(end)
  return `${target.slice(0, start)}${rest.startsWith('/') ? '' : '/'}${rest}`
}
