import { describe, expect, it } from 'vitest'
import { decideManifest, decideRemoval, decideVerdict, type Current } from '../../../runtime/output/decide.ts'
import { manifestOf } from '../../helpers/manifest.ts'

const at = (second: number) => ({ lastModified: `2026-01-01T00:00:0${second}.000Z` })
const mine = manifestOf({ run: 'mine', attempt: 'my-attempt', epoch: 5, source: at(5) })
const same = (epoch: number) => manifestOf({ run: 'mine', attempt: 'elder', epoch, source: at(5) })
const other = (second: number, epoch = 0) =>
  manifestOf({ run: 'other', attempt: 'theirs', epoch, source: at(second) })

/** What comes out when the store was not asked, when mine is not the latest, and when it is. */
type Answers<T> = readonly [unasked: T, notLatest: T, latest: T]
const always = <T>(value: T): Answers<T> => [value, value, value]

describe('decideManifest', () => {
  it.each<{ name: string; current: Current; answers: Answers<string> }>([
    { name: 'nothing', current: undefined, answers: ['replace', 'replace', 'replace'] },
    { name: 'my own, whose reply was lost', current: { ...same(5), attempt: 'my-attempt' }, answers: always('mine') },
    { name: "the same run's of my epoch", current: same(5), answers: always('adopt') },
    { name: "the same run's of a later epoch", current: same(6), answers: always('adopt') },
    { name: "the same run's of an earlier epoch", current: same(4), answers: always('replace') },
    { name: "an older upload's", current: other(4), answers: always('replace') },
    { name: "an older upload's of a later epoch", current: other(4, 9), answers: always('replace') },
    { name: "a newer upload's", current: other(6), answers: ['ask-store', 'superseded', 'replace'] },
    { name: "an upload's of the same time", current: other(5), answers: ['ask-store', 'superseded', 'replace'] },
    { name: 'no manifest', current: 'foreign', answers: ['ask-store', 'superseded', 'replace'] },
  ])('where there is $name', ({ current, answers }) => {
    expect([undefined, false, true].map((isLatest) => decideManifest(mine, current, isLatest))).toEqual(answers)
  }) // prettier-ignore
})

describe('decideVerdict', () => {
  const asked: Answers<string> = ['ask-store', 'keep', 'write']
  it.each<{ name: string; verdict?: Current; manifest?: Current; answers: Answers<string> }>([
    { name: 'nothing', answers: always('write') },
    { name: 'a result of the run', manifest: same(5), answers: always('keep') },
    { name: 'a result of the run before it was reprocessed', manifest: same(4), answers: always('write') },
    { name: 'a result of an older upload', manifest: other(4), answers: always('write') },
    { name: 'a result of a newer upload', manifest: other(6), answers: asked },
    { name: 'something that is no manifest', manifest: 'foreign', answers: asked },
    { name: 'another end of the run in this epoch', verdict: same(5), answers: always('write') },
    { name: 'an end of the run in an earlier epoch', verdict: same(4), answers: always('write') },
    { name: 'an end of the run in a later epoch', verdict: same(6), answers: always('keep') },
    { name: 'a verdict of an older upload', verdict: other(4), answers: always('write') },
    { name: 'a verdict of a newer upload', verdict: other(6), answers: asked },
    { name: 'something that is no verdict', verdict: 'foreign', answers: asked },
    { name: 'a later end of the run and an unclear manifest', verdict: same(6), manifest: 'foreign', answers: always('keep') },
  ])('where there is $name', ({ verdict, manifest, answers }) => {
    expect([undefined, false, true].map((isLatest) => decideVerdict(mine, { verdict, manifest }, isLatest))).toEqual(answers)
  }) // prettier-ignore

  it('that says "superseded", is never written where another run has left anything', () => {
    const superseded = { ...mine, state: 'superseded' }
    const decide = (manifest: Current, verdict: Current) => decideVerdict(superseded, { manifest, verdict })
    expect(decide(undefined, undefined)).toBe('write')
    expect(decide(other(4), undefined)).toBe('keep')
    expect(decide(undefined, other(4))).toBe('keep')
  })
})

describe('decideRemoval', () => {
  const asked: Answers<string> = ['ask-store', 'keep', 'remove']
  it.each<{ name: string; verdict: Current; answers: Answers<string> }>([
    { name: 'of the run itself', verdict: same(5), answers: always('remove') },
    { name: 'of the run before it was reprocessed', verdict: same(4), answers: always('remove') },
    { name: 'of a later reprocessing', verdict: same(6), answers: always('keep') },
    { name: 'of an older upload', verdict: other(4), answers: always('remove') },
    { name: 'of a newer upload', verdict: other(6), answers: asked },
    { name: 'that is none', verdict: 'foreign', answers: asked },
  ])('of a verdict $name', ({ verdict, answers }) => {
    expect([undefined, false, true].map((isLatest) => decideRemoval(mine, verdict, isLatest))).toEqual(answers)
  }) // prettier-ignore
})
