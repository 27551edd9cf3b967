import { expect, it } from 'vitest'
import { envOf } from '../../../runtime/process/fork-child.ts'

const ENV = {
  MINIO_ACCESS_KEY: 'runtime',
  MINIO_UPLOADER_ACCESS_KEY: 'uploader',
  MINIO_UPLOADER_SECRET_KEY_FILE: '/run/secrets/minio-uploader',
}

it('gives the account for uploads to the serving process, and to no process that runs functions or receives', () => {
  expect(envOf('serve', ENV)).toEqual(ENV)
  for (const kind of ['work', 'receive'] as const) {
    expect(envOf(kind, ENV)).toMatchObject({ MINIO_ACCESS_KEY: 'runtime' })
    expect(Object.keys(envOf(kind, ENV)).filter((name) => name.startsWith('MINIO_UPLOADER'))).toEqual([])
  }
})
