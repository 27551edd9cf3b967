/** What doctor makes of servers that answer badly, or not at all. */
import { describe, expect, it } from 'vitest'
import { checkClocks } from '../../../../runtime/cli/doctor/machine.ts'
import type { Findings } from '../../../../runtime/cli/doctor/finding.ts'
import { checkBuckets, judgeRemoval } from '../../../../runtime/cli/doctor/minio.ts'
import type { Account, Subject } from '../../../../runtime/cli/doctor/subject.ts'
import { StorageError } from '../../../../runtime/storage/errors.ts'
import { functionNamed, only } from '../../api/objects/facts.ts'
import { startFakeApi } from '../commands/fake-api.ts'

async function all(findings: Findings) {
  const found = []
  for await (const finding of findings) found.push(finding)
  return found
}

describe('a bucket', () => {
  it.each([
    { code: 'AccessDenied', statusCode: 403 },
    { code: 'HTTP503', statusCode: 503 },
    { code: 'ETIMEDOUT' },
  ])('is not there because MinIO answers $code', async (facts) => {
    const asking = only<Account>({
      requester: only<Account['requester']>({
        read: ({ bucket }) =>
          bucket === 'incoming'
            ? Promise.reject(new StorageError('no answer', facts))
            : Promise.resolve({ text: '' } as never),
      }),
      storage: only<Account['storage']>({ async *list() {} }),
    })
    const subject = only<Subject>({
      functions: [],
      config: only<Subject['config']>({}),
      invocation: 'sluice',
    })
    const [buckets] = await all(checkBuckets(subject, asking, undefined))
    expect(buckets).toMatchObject({
      check: 'buckets',
      status: 'fail',
      found: expect.stringMatching(/incoming/),
    })
    expect(buckets?.found).not.toContain('processed')
  })
})

describe('the clock of MinIO', () => {
  const clocks = async (minioEndpoint: string) => {
    const config = only<Subject['config']>({ minioEndpoint })
    return (await all(checkClocks(only<Subject>({ redis: undefined, config })))).find(
      ({ check }) => check === 'clock of MinIO',
    )
  }

  it('is not checked when it cannot be read', async () => {
    expect(await clocks('http://127.0.0.1:2')).toMatchObject({ status: 'skipped' })
  })

  it('is the date of any response', async () => {
    const api = await startFakeApi(() => ({ body: {} }))
    expect(await clocks(api.url)).toMatchObject({ status: 'ok' })
    await api.stop()
  })
})

describe('what is removed by its version', () => {
  it.each([
    [{ afterSuccess: 'remove' }, ['incoming', 'processed'], 'incoming'],
    [{ onDelete: 'remove' }, ['incoming', 'processed'], 'incoming, processed'],
    [{ onDelete: 'remove' }, ['processed'], 'processed'],
  ] as const)('%j stays where %j keep no versions', (rest, unversioned, named) => {
    expect(judgeRemoval([functionNamed('cut', rest)], unversioned)).toMatchObject([
      { status: 'warn', found: expect.stringMatching(new RegExp(`off in ${named}$`)) },
    ])
  })

  it.each([
    [{ afterSuccess: 'remove' }, ['processed']],
    [{ onDelete: 'remove' }, ['other']],
    [{}, ['incoming', 'processed']],
  ] as const)('%j needs no versions in %j', (rest, unversioned) => {
    expect(judgeRemoval([functionNamed('cut', rest)], unversioned)).toEqual([])
  })
})
