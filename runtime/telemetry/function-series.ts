/** The series of one function that change with every run, looked up once in a process. @module */
import { INVOCATION_STATUSES, type InvocationStatus, type RuntimeMetrics } from './metrics.ts'

const TRIGGERS = ['upload', 'sweep', 'reprocess', 'redrive'] as const

export type FunctionSeries = ReturnType<typeof bind>

/** Returns the series of a function by its name. */
export function createFunctionSeries(metrics: RuntimeMetrics): (functionName: string) => FunctionSeries {
  const known = new Map<string, FunctionSeries>()
  return (functionName) => {
    let series = known.get(functionName)
    if (!series) known.set(functionName, (series = bind(metrics, functionName)))
    return series
  }
}

function bind(metrics: RuntimeMetrics, functionName: string) {
  const labels = { function: functionName }
  type Bound = ReturnType<typeof metrics.starts.labels>
  const each = <K extends string>(keys: readonly K[], bind: (key: K) => Bound) =>
    Object.fromEntries(keys.map((key) => [key, bind(key)])) as Record<K, Bound>
  return {
    active: metrics.active.labels(labels),
    starts: each(TRIGGERS, (trigger) => metrics.starts.labels({ ...labels, trigger })),
    invocations: each<InvocationStatus>(INVOCATION_STATUSES, (status) =>
      metrics.invocations.labels({ ...labels, status }),
    ),
    inputBytes: metrics.inputBytes.labels(labels),
    startDelay: metrics.startDelay.of(labels),
    endToEnd: metrics.endToEnd.of(labels),
    success: metrics.duration.of({ ...labels, status: 'success' }),
    failure: metrics.duration.of({ ...labels, status: 'failure' }),
  }
}
