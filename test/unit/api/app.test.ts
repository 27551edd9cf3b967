import { describe, expect, it } from 'vitest'
import { startAtZero } from '../../../runtime/process/zero-metrics.ts'
import { createMetrics } from '../../../runtime/telemetry/metrics.ts'
import { expose } from '../../../runtime/process/exposition.ts'
import { createTestApi } from './test-api.ts'

describe('/healthz', () => {
  it('reports that the process is alive, its version and its tools', async () => {
    const response = await createTestApi().app.request('/healthz')
    expect(await response.json()).toMatchObject({
      status: 'alive',
      version: '1.2.3',
      tools: { ffmpeg: '5.1' },
    })
  })
})

describe('/readyz', () => {
  it.each([
    { name: 'ready', rest: {}, status: 200 },
    {
      name: 'not ready',
      rest: { health: () => Promise.resolve([{ name: 'minio', ok: false, detail: 'refused' } as const]) },
      status: 503,
    },
    { name: 'draining', rest: { isDraining: () => true }, status: 503 },
  ])('answers $status when $name', async ({ name, rest, status }) => {
    const response = await createTestApi({}, rest).app.request('/readyz')
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ status: name })
  })
})

describe('/metrics', () => {
  it('has every counter of every function from the start, and requests by route pattern, never by path', async () => {
    const { app } = createTestApi()
    await app.request('/healthz')
    await app.request('/nothing/here/42')
    const text = await (await app.request('/metrics')).text()
    for (const line of [
      'sluice_function_invocations_total{function="cut",status="success"} 0',
      'sluice_function_starts_total{function="cut",trigger="upload"} 0',
      'sluice_dead_letters_total{function="cut",reason="crash-loop"} 0',
      'sluice_events_dropped_total{reason="malformed"} 0',
      'sluice_storage_operation_duration_seconds_count{operation="put",outcome="error"} 0',
      'http_request_duration_seconds_count{method="GET",route="/healthz",status_class="2xx"} 1',
      'http_request_duration_seconds_count{method="GET",route="unknown",status_class="4xx"} 1',
      // Of the three the one that asks.
      'http_requests_in_flight 1',
    ]) {
      expect(text).toContain(`${line}\n`)
    }
    expect(text).not.toContain('/nothing')
  })

  it('is OpenMetrics for clients that accept it, and plain text for all others', async () => {
    const { app } = createTestApi()
    const ask = (accept: string) => app.request('/metrics', { headers: { accept } })
    const open = await ask('application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5')
    expect(open.headers.get('content-type')).toMatch(/^application\/openmetrics-text; version=1\.0\.0/)
    expect((await open.text()).endsWith('# EOF\n')).toBe(true)
    const plain = await ask('*/*')
    expect(plain.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    expect(await plain.text()).not.toContain('# EOF')
  })

  it('stays small with fifty functions: about a hundred series each, and under a megabyte of text', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `function-with-a-name-${index}`)
    const seriesOf = async (functionNames: readonly string[]) => {
      const metrics = createMetrics()
      startAtZero(metrics, functionNames)
      const text = await expose([await metrics.registry.getMetricsAsJSON()])
      return { text, series: text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length }
    }
    const [none, fifty] = [await seriesOf([]), await seriesOf(names)]
    expect(none.series).toBeLessThan(480)
    expect((fifty.series - none.series) / names.length).toBeLessThanOrEqual(93)
    expect(fifty.text.length).toBeLessThan(1_000_000)
  })
})

it('answers an unknown path with a problem', async () => {
  const response = await createTestApi().app.request('/v0/whatever')
  expect(response.headers.get('content-type')).toContain('application/problem+json')
  expect(await response.json()).toMatchObject({ status: 404, detail: 'there is no GET /v0/whatever' })
})
