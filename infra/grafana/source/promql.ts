/** Short forms of the panels' PromQL. Pure. @module */

/** A counter's growth per second, summed. */
export function rate(metric: string, by = ''): string {
  return `sum${by && ` by (${by})`} (rate(${metric}[$__rate_interval]))`
}

export function quantile(q: number, histogram: string, by: string, labels = ''): string {
  const groups = by === '' ? 'le' : `le, ${by}`
  return `histogram_quantile(${q}, sum by (${groups}) (rate(${histogram}_bucket${labels}[$__rate_interval])))`
}

/** Over the whole selected time. */
export function total(metric: string, by = ''): string {
  return `sum${by && ` by (${by})`} (increase(${metric}[$__range]))`
}

/** All replicas report the same value. */
export function shared(metric: string, by = 'function'): string {
  return `max by (${by}) (${metric})`
}

/** Panels select functions with the variable at the top. */
export const CHOSEN = '{function=~"$function"}'
export const FAILED = 'retry|dead|timeout|stalled|lost'

export const STATUS_COLORS = {
  success: 'green',
  retry: 'orange',
  dead: 'red',
  timeout: 'purple',
  stalled: 'purple',
  lost: 'dark-red',
  superseded: 'blue',
  'source-gone': 'light-blue',
  cancelled: 'yellow',
  released: 'dark-yellow',
}
