/** `sluice doctor` on buckets that only a function names, and that somebody else has made. */
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { failureOf, nameOf, useExamined } from './doctor-servers.ts'

const examined = useExamined()
const FUNCTIONS = { SLUICE_FUNCTIONS_FILE: join(import.meta.dirname, 'doctor-functions.ts') }

beforeAll(async () => {
  for (const bucket of ['drop', 'made']) await examined.requester.read({ method: 'PUT', bucket })
})

it('reports that they keep no versions, so that nothing is removed there', async () => {
  const { findings } = await examined.examine(FUNCTIONS, '--no-probe')
  const warned = findings.filter(({ status }) => status === 'warn')
  expect(warned.find((each) => nameOf(each) === 'minio: versioning')).toMatchObject({
    found: expect.stringContaining('off in drop, made'),
    repair: ['mc version enable <alias>/drop', 'mc version enable <alias>/made'],
  })
  expect(warned.find((each) => nameOf(each) === 'minio: removal')?.found).toMatch(
    /^sweeper would remove .* off in drop, made$/,
  )
})

it('checks that the runtime may delete where a function removes its source', async () => {
  const { findings } = await examined.examine(FUNCTIONS, '--no-probe')
  expect(failureOf(findings, 'accounts: runtime account')?.found).toContain('delete in drop')
})

it('does not assume that a bucket exists when the account may not ask', async () => {
  const root = { MINIO_ROOT_USER: '', MINIO_ROOT_PASSWORD: '' }
  const { findings } = await examined.examine({ ...FUNCTIONS, ...root }, '--no-probe')
  expect(failureOf(findings, 'minio: buckets')?.found).toMatch(/access to drop is denied; access to made/)
})

it('reports no problem when they keep versions and expire them', async () => {
  for (const bucket of ['drop', 'made']) {
    await examined.write(
      bucket,
      'versioning',
      '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
    )
  }
  const kept = await examined.examine(FUNCTIONS, '--no-probe')
  expect(kept.of('warn').filter((name) => name.startsWith('minio: '))).toEqual(['minio: lifecycle'])
  for (const bucket of ['drop', 'made']) {
    const rule =
      '<Rule><ID>mine</ID><Status>Enabled</Status><Filter></Filter><NoncurrentVersionExpiration><NoncurrentDays>5</NoncurrentDays></NoncurrentVersionExpiration></Rule>'
    await examined.write(bucket, 'lifecycle', `<LifecycleConfiguration>${rule}</LifecycleConfiguration>`)
  }
  const { of } = await examined.examine(FUNCTIONS, '--no-probe')
  expect(of('warn').filter((name) => name.startsWith('minio: '))).toEqual([])
  expect(of('ok')).toEqual(expect.arrayContaining(['minio: versioning', 'minio: lifecycle']))
})
