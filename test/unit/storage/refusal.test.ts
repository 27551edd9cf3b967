import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { StorageError } from '../../../runtime/storage/errors.ts'
import { explained, refusalOf } from '../../../runtime/storage/refusal.ts'

function answer(statusCode: number, headers: Record<string, string> = {}): IncomingMessage {
  return { statusCode, headers } as unknown as IncomingMessage
}

const xml = (code: string, message: string) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message><Key>a</Key></Error>`

describe('refusalOf', () => {
  it.each([
    { name: "S3's XML", status: 404, body: xml('NoSuchKey', 'The key is gone'), code: 'NoSuchKey' },
    { name: 'entities', status: 400, body: xml('XAmzContentChecksumMismatch', 'The &#39;x&#39; &amp; y'), code: 'XAmzContentChecksumMismatch', message: "The 'x' & y" },
    { name: 'MinIO, which answers AccessDenied for an expired URL', status: 403, body: xml('AccessDenied', 'Request has expired'), code: 'RequestExpired' },
    { name: 'MinIO, which answers AccessDenied for a URL from the future', status: 403, body: xml('AccessDenied', 'Request is not valid yet'), code: 'RequestNotYetValid' },
    { name: 'the headers of a HEAD', status: 404, headers: { 'x-minio-error-code': 'NoSuchBucket', 'x-minio-error-desc': '"No such bucket"' }, body: '', code: 'NoSuchBucket', message: 'No such bucket' },
    { name: 'a bare 404', status: 404, body: '', code: 'NotFound' },
    { name: 'a bare 412', status: 412, body: '', code: 'PreconditionFailed' },
    { name: 'a bare 403', status: 403, body: '', code: 'AccessDenied' },
    { name: "a proxy's page", status: 502, body: '<html><body>Bad gateway</body></html>', code: 'HTTP502', message: 'HTTP status 502' },
  ])('understands $name', ({ status, headers, body, code, message }) => {
    const error = refusalOf(answer(status, headers), body)
    expect(error).toMatchObject({ code, statusCode: status, ...(message === undefined ? {} : { message }) })
  }) // prettier-ignore

  it.each([
    { status: 503, code: 'SlowDown', isPassing: true, trouble: 'server' },
    { status: 500, code: 'InternalError', isPassing: true, trouble: 'server' },
    { status: 403, code: 'AccessDenied', isPassing: false, trouble: 'refused' },
    { status: 507, code: 'XMinioStorageFull', isPassing: true, trouble: 'full' },
    { status: 404, code: 'NoSuchBucket', isPassing: false, trouble: 'refused' },
    { status: 404, code: 'NoSuchKey', isPassing: false, trouble: undefined },
    { status: 412, code: 'PreconditionFailed', isPassing: false, trouble: undefined },
  ])('knows whether $code is transient, and its cause', ({ status, code, isPassing, trouble }) => {
    expect(refusalOf(answer(status), xml(code, 'm'))).toMatchObject({ isPassing, trouble })
  })
})

describe('explained', () => {
  it('names the call, the reason and the remedy', () => {
    const error = new StorageError('Access Denied.', { code: 'AccessDenied', statusCode: 403 })
    expect(explained(error, 'PUT "a" in bucket "b"').message).toBe(
      'PUT "a" in bucket "b": AccessDenied: Access Denied.; the access key in use may not do this; run `sluice setup`, or check its policy in MinIO',
    )
  })

  it('does not repeat the code, and gives no advice where it has none', () => {
    const error = new StorageError('read ECONNRESET', { code: 'ECONNRESET' })
    expect(explained(error, 'GET "a"').message).toBe('GET "a": read ECONNRESET')
  })
})
