import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { defineFunction } from '../../../runtime/function/definition.ts'
import { planAdmission, type PlannedAdmission, planText } from '../../../runtime/intake/admission.ts'
import { createRouter } from '../../../runtime/function/routing.ts'
import { parseDebt } from '../../../runtime/queue/debts.ts'
import { objectIdOf, runIdOf } from '../../../runtime/queue/keys.ts'

const raw = (name: string) => {
  const text = readFileSync(new URL(`../../fixtures/events/${name}.json`, import.meta.url), 'utf8')
  return Buffer.from((JSON.parse(text) as { raw: string[] }).raw[0] as string)
}
const functionOf = (name: string, bucket: string, match?: string[]) =>
  defineFunction({ name, version: '1', on: { bucket, ...(match ? { match } : {}) } }, (c) => c.json({}))
const router = createRouter([
  functionOf('one', 'incoming'),
  functionOf('two', 'incoming', ['*.mp4']),
  functionOf('v', 'incomingv'),
])
const settings = { paths: 2, recordTtlMs: 1_000 } as const
/** Of notifications that are few enough for one step. */
function planOf(...of: Parameters<typeof planAdmission>): PlannedAdmission {
  const [plan, ...more] = planAdmission(...of)
  expect(more).toEqual([])
  return plan as PlannedAdmission
}

describe('planAdmission', () => {
  it('takes thousands of records in steps, of which the last one alone takes the texts from the list', () => {
    const [part] = JSON.parse(raw('put-simple').toString()) as [{ Event: unknown[] }]
    const records = Array.from({ length: 1_000 }, (_, index) =>
      JSON.parse(JSON.stringify(part.Event[0]).replace('"a.txt"', `"${index}.txt"`)),
    )
    const raws = [raw('put-simple'), Buffer.from(JSON.stringify([{ Event: [...records, 7, 'x'] }]))]
    const plans = [...planAdmission(raws, router, settings)]
    expect(plans.map((plan) => plan.raws.length)).toEqual([0, 0, 0, 2])
    for (const plan of plans) expect(plan.runs.length).toBeLessThanOrEqual(256)
    const keys = plans.flatMap(({ runs }) => runs.map(({ payload }) => payload.key))
    expect(keys).toEqual(['a.txt', ...records.map((_, index) => `${index}.txt`)])
    const [bad, ...others] = plans.flatMap((plan) => plan.bad)
    expect([bad?.reason, others]).toEqual([expect.stringMatching(/^record 1001: .* \(and 1 more\)$/), []])
    expect(bad?.raw).toBe(raws[1])
  })

  it('makes the same of texts whose plans are known, in any mixture', () => {
    const raws = ['put-simple', 'delete', 'put-simple'].map(raw)
    const plain = planOf(raws, router, settings)
    expect(planOf(raws, router, settings, (text) => planText(text, router))).toEqual(plain)
    expect(
      planOf(raws, router, settings, (text) => (text === raws[1] ? planText(text, router) : undefined)),
    ).toEqual(plain)
  })

  it('makes runs of functions that the metadata of the event ask for, whatever else is in them', () => {
    const asked = { ...functionOf('owner', 'incoming'), trigger: 'asked' as const }
    const runsWith = (userMetadata: unknown) => {
      const text = raw('put-simple')
        .toString()
        .replace(/"userMetadata":{[^}]*}/, `"userMetadata":${JSON.stringify(userMetadata)}`)
      const plan = planOf([Buffer.from(text)], createRouter([functionOf('one', 'incoming'), asked]), settings)
      expect(plan.bad).toEqual([])
      return plan.runs.map(({ functionName }) => functionName)
    }
    expect(runsWith({ 'X-Amz-Meta-Make': 'poster, OWNER' })).toEqual(['one', 'owner'])
    expect(runsWith({ 'X-Amz-Meta-Sluice-Make': 'owner', 'content-type': 'x' })).toEqual(['one', 'owner'])
    for (const other of [{}, null, 7, [], 'owner', { 'X-Amz-Meta-Make': ['owner'] }, { make: { owner: 1 } }])
      expect(runsWith(other)).toEqual(['one'])
  })

  it('makes one run for each function that matches, with an id that anyone can compute', () => {
    const plan = planOf([raw('put-simple')], router, settings)
    const [event] = plan.events
    const generation = event?.kind === 'created' ? event.generation : ''
    expect(plan.runs).toMatchObject([
      { functionName: 'one', lane: 'live', trigger: 'upload', payload: { key: 'a.txt', generation } },
    ])
    expect(plan.runs[0]?.runId).toBe(runIdOf('one', 'incoming', 'a.txt', generation))
    expect(plan.dropped).toEqual(['pattern'])
  })

  it('marks what waits for older versions of an upload, and for anything that was removed', () => {
    const plan = planOf([raw('v-put1'), raw('v-delete-marker')], router, settings)
    expect(plan.marks).toEqual([
      { objectId: expect.any(String), generation: plan.runs[0]?.payload.generation, hint: 'superseded' },
      { objectId: objectIdOf('incomingv', 'v.txt'), generation: '', hint: 'source-gone' },
    ])
  })

  it('marks no other version when one version was removed', () => {
    const [mark] = planOf([raw('v-delete-version')], router, settings).marks
    const only = '5469d7af-0698-4175-8067-089e7ca9281e'
    expect(mark).toEqual({
      objectId: objectIdOf('incomingv', 'v.txt'),
      generation: '',
      only,
      hint: 'source-gone',
    })
    expect(planOf([raw('delete')], router, settings).marks[0]).not.toHaveProperty('only')
  })

  it('owes a look at what a removal has brought to light, where a function is for it', () => {
    const plan = planOf([raw('v-delete-version')], router, settings)
    expect(plan.debts.map(parseDebt)).toEqual([
      {
        kind: 'look',
        bucket: 'incomingv',
        key: 'v.txt',
        removedVersion: '5469d7af-0698-4175-8067-089e7ca9281e',
      },
    ])
    // That of a marker's removal is the same.
    const [marker] = planOf([raw('v-delete-marker')], router, settings).debts.map(parseDebt)
    expect(marker).toMatchObject({ kind: 'look', key: 'v.txt', removedVersion: '' })
    expect(planOf([raw('delete')], router, settings).debts).toEqual([])
    const films = createRouter([functionOf('films', 'incomingv', ['*.mp4'])])
    expect(planOf([raw('v-delete-version')], films, settings).debts).toEqual([])
  })

  it('sets a notification aside once for its bad records, and admits the good ones', () => {
    const text = raw('put-simple').toString()
    const [part] = JSON.parse(text) as [{ Event: unknown[] }]
    const mixed = Buffer.from(JSON.stringify([{ Event: [{}, ...part.Event, { eventName: 7 }] }]))
    const plan = planOf([mixed], router, settings)
    expect(plan.runs).toEqual(planOf([raw('put-simple')], router, settings).runs)
    expect(plan.bad).toEqual([
      { raw: mixed, reason: expect.stringMatching(/^record 1: eventName: .* \(and 1 more\)$/) },
    ])
  })

  it('remembers what was announced, and owes a clean-up for removals that a function wants followed', () => {
    const remove = defineFunction(
      { name: 'mirror', version: '1', on: { bucket: 'incomingv' }, onDelete: 'remove' },
      (c) => c.json({}),
    )
    const plan = planOf([raw('v-put1'), raw('v-delete-marker')], createRouter([remove]), settings)
    const announced = plan.announced.map(({ text }) => (JSON.parse(text) as unknown[]).slice(0, 3))
    expect(announced).toEqual([
      ['notification', 'created', 'Put'],
      ['notification', 'removed', 'DeleteMarkerCreated'],
    ])
    expect(plan.debts.map((debt) => parseDebt(debt)?.kind)).toEqual(['results', 'look'])
    const kept = planOf([raw('v-delete-marker')], router, settings)
    expect(kept.debts.map((debt) => parseDebt(debt)?.kind)).toEqual(['look'])
  })

  it('sets aside a text that is not a notification, and continues with the next', () => {
    const plan = planOf(
      ['{', raw('put-simple'), '[]', [0xff, 0xfe]].map((each) => Buffer.from(each as Buffer)),
      router,
      settings,
    )
    expect(plan.bad.map(({ reason }) => reason)).toEqual([
      'not JSON',
      expect.stringContaining('not a bucket notification'),
      'not UTF-8',
    ])
    expect(plan.runs).toHaveLength(1)
    expect(plan.raws).toHaveLength(4)
  })

  it('counts events that no function reads, and those that are not uploads', () => {
    expect(planOf([raw('ilm-expiry-ilm'), raw('put-tagging')], createRouter([]), settings).runs).toEqual([])
    expect(planOf([raw('put-simple')], createRouter([]), settings).dropped).toEqual(['no-function'])
  })

  it('of a removed manifest, wants to know whether somebody has removed a result, and remembers no object', () => {
    const made = (name: string, bucket: string) =>
      defineFunction({ name, version: '1', on: { bucket: 'incoming' }, output: { bucket } }, (c) =>
        c.json({}),
      )
    const writers = createRouter([made('one', 'incomingv'), made('two', 'processed')])
    const removed = (key: string) =>
      planOf([Buffer.from(raw('v-delete-marker').toString().replaceAll('v.txt', key))], writers, settings)
    const plan = removed('a/one/manifest.json')
    expect(plan.debts.map(parseDebt)).toEqual([
      { kind: 'removed', functionName: 'one', bucket: 'incoming', key: 'a' },
    ])
    expect(plan).toMatchObject({ marks: [], announced: [], events: [{ kind: 'removed' }] })
    for (const key of ['a/two/manifest.json', 'a/one/other.json', 'v.txt'])
      expect(removed(key)).toMatchObject({ debts: [], marks: [], announced: [] })
  })
})
