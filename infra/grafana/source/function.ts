/** Dashboard: one function in detail. @module */
import type { Dashboard, Panel } from './panel.ts'
import { FAILED, quantile, rate, shared, STATUS_COLORS, total } from './promql.ts'

const F = '{function="$function"}'
const graph = (panel: Omit<Panel, 'kind' | 'width'>): Panel => ({ kind: 'timeseries', width: 8, ...panel })
const stat = (panel: Omit<Panel, 'kind' | 'width' | 'height'>): Panel => ({
  kind: 'stat',
  width: 6,
  height: 4,
  ...panel,
})
const attempts = (status: string) =>
  `sluice_function_invocations_total{function="$function",status=~"${status}"}`

export const functionDetail: Dashboard = {
  uid: 'sluice-function',
  title: 'Function detail',
  description: 'One function: its budget, its attempts, its queue, its results.',
  functions: 'one',
  rows: [
    {
      title: 'Selected time',
      panels: [
        stat({
          title: 'Error budget left',
          description: 'The budget is 1% failed attempts in the selected time; below 0 it is spent.',
          unit: 'percentunit',
          max: 1,
          limits: { warn: 0.5, bad: 0, isLowBad: true },
          queries: [
            {
              expr: `clamp_min(1 - ${total(attempts(FAILED))} / (0.01 * ${total(attempts(`${FAILED}|success`))}), -1)`,
            },
          ],
        }),
        stat({
          title: 'Results',
          description: 'Attempts that succeeded.',
          unit: 'short',
          decimals: 0,
          queries: [{ expr: total(attempts('success')) }],
        }),
        stat({
          title: 'Given up',
          description: 'Dead letters. The link leads to them in the console.',
          unit: 'short',
          decimals: 0,
          limits: { warn: 1, bad: 10 },
          links: [{ title: 'Dead letters in the console', url: '/dead-letters?function=${function}' }],
          queries: [{ expr: total(`sluice_dead_letters_total${F}`) }],
        }),
        stat({
          title: 'State',
          description: 'Shows whether an operator has paused the function.',
          unit: 'short',
          words: { 0: { text: 'working', color: 'green' }, 1: { text: 'paused', color: 'orange' } },
          queries: [{ expr: `max(sluice_function_paused${F})` }],
        }),
      ],
    },
    {
      title: 'Attempts',
      panels: [
        graph({
          title: 'Attempts by outcome',
          description: 'Attempts per second by outcome.',
          unit: 'ops',
          isStacked: true,
          colors: STATUS_COLORS,
          queries: [{ expr: rate(attempts('.*'), 'status'), legend: '{{status}}' }],
        }),
        graph({
          title: 'Attempts by trigger',
          description: 'Uploads, the sweep, or a reprocessing request.',
          unit: 'ops',
          isStacked: true,
          queries: [{ expr: rate(`sluice_function_starts_total${F}`, 'trigger'), legend: '{{trigger}}' }],
        }),
        graph({
          title: 'Duration',
          description: 'Attempts that succeeded and those that did not. Points name runs.',
          unit: 's',
          hasExemplars: true,
          queries: [0.5, 0.95, 0.99].map((q) => ({
            expr: quantile(q, 'sluice_function_duration_seconds', 'status', F),
            legend: `{{status}} p${q * 100}`,
          })),
        }),
        {
          title: 'Durations over time',
          description: 'Number of attempts by duration: the darker, the more.',
          kind: 'heatmap',
          unit: 'short',
          width: 12,
          queries: [
            {
              expr: rate('sluice_function_duration_seconds_bucket{function="$function"}', 'le'),
              legend: '{{le}}',
            },
          ],
        },
        {
          kind: 'timeseries',
          width: 12,
          title: 'From upload to result',
          description: 'From the time of MinIO’s event to the committed manifest, waiting included.',
          unit: 's',
          queries: [0.5, 0.95].map((q) => ({
            expr: quantile(q, 'sluice_event_end_to_end_seconds', '', F),
            legend: `p${q * 100}`,
          })),
        },
      ],
    },
    {
      title: 'Queue and results',
      panels: [
        graph({
          title: 'Queue',
          description:
            'Runs by lane: live uploads, low (reprocessing), solo (was on a lost worker), running, dead.',
          unit: 'short',
          queries: [{ expr: shared(`sluice_queue_depth${F}`, 'state'), legend: '{{state}}' }],
        }),
        graph({
          title: 'Admissions',
          description: 'new runs; copy is the second announcement of an upload; duplicate is a third one.',
          unit: 'ops',
          isStacked: true,
          queries: [{ expr: rate(`sluice_admissions_total${F}`, 'outcome'), legend: '{{outcome}}' }],
        }),
        graph({
          title: 'Commits',
          description:
            'adopted: another attempt was faster; superseded: a newer upload; fenced: another worker has the run.',
          unit: 'ops',
          isStacked: true,
          queries: [{ expr: rate(`sluice_commits_total${F}`, 'outcome'), legend: '{{outcome}}' }],
        }),
        graph({
          title: 'Retried, taken back',
          description:
            'Attempts after which the run waits for another attempt, runs of lost workers, and handlers that ignore their signal.',
          unit: 'ops',
          queries: [
            { expr: rate(`sluice_function_retries_total${F}`), legend: 'retried' },
            { expr: rate(`sluice_queue_reclaimed_total${F}`, 'outcome'), legend: 'taken back: {{outcome}}' },
            { expr: `sum(sluice_function_stray_handlers${F})`, legend: 'ignore their signal' },
          ],
        }),
        graph({
          title: 'Given up, by reason',
          description:
            'permanent: the file or an option; exhausted: failed too often; crash-loop: crashed its worker.',
          unit: 'short',
          isStacked: true,
          queries: [
            {
              expr: `sum by (reason) (increase(sluice_dead_letters_total${F}[$__rate_interval]))`,
              legend: '{{reason}}',
            },
          ],
        }),
        graph({
          title: 'Bytes',
          description: 'Bytes of sources and results.',
          unit: 'Bps',
          queries: [
            { expr: rate(`sluice_function_input_bytes_total${F}`), legend: 'in' },
            { expr: rate(`sluice_function_output_bytes_total${F}`), legend: 'out' },
          ],
        }),
      ],
    },
  ],
}
