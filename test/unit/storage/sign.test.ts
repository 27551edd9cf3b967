import fc from 'fast-check'
import { Client } from 'minio'
import { describe, expect, it } from 'vitest'
import { createSigner } from '../../../runtime/storage/sign.ts'
import { SEED } from '../../helpers/seed.ts'

const credentials = { accessKey: 'AKIA/odd+name', secretKey: 'secret/with+signs=' }
const AT_MS = Date.UTC(2026, 10, 30, 10, 45)
const ENDPOINTS = [
  'http://127.0.0.1:9000',
  'http://store',
  'https://store.example',
  'https://store.example:9443',
]
const REGIONS = ['us-east-1', 'eu-central-1']
const AWKWARD_KEYS = [
  'a b',
  'a+b',
  'a//b',
  '/a',
  'a/',
  '100%',
  '%41',
  "it's (odd)!*",
  'ünïcödé',
  '日本語/ファイル.mp4',
  '🎬.mp4',
  'a?b#c&d=e',
  '~tilde',
  'line\nbreak',
  '\u0001',
  'x'.repeat(900),
]

const methods = fc.constantFrom('GET' as const, 'HEAD' as const, 'PUT' as const, 'DELETE' as const)
const AWKWARD_LETTERS = [' ', '+', '/', '%', 'é', '*', "'", '~', 'a', '.', '-', '_']
const keys = fc.oneof(
  fc.constantFrom(...AWKWARD_KEYS),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: fc.constantFrom(...AWKWARD_LETTERS), maxLength: 30 }),
)
/** Names that S3 has. None begins another one that continues below `=`: there minio-js sorts wrongly. */
const QUERY_NAMES = ['versionId', 'location', 'prefix', 'list-type', 'max-keys', 'delimiter', 'key-marker']
const queries = fc.option(
  fc.dictionary(fc.constantFrom(...QUERY_NAMES), fc.string({ unit: 'binary', maxLength: 20 })),
  { nil: undefined },
)

type Headers = Readonly<Record<string, string>>

/** minio-js that signs headers too, for which `presignedUrl` has no parameter. */
class Reference extends Client {
  readonly #headers: Headers

  constructor(endpoint: string, region: string, headers: Headers) {
    const { hostname, port, protocol } = new URL(endpoint)
    const useSSL = protocol === 'https:'
    const place = { endPoint: hostname, port: Number(port || (useSSL ? 443 : 80)), useSSL }
    super({ ...place, ...credentials, region, pathStyle: true })
    this.#headers = headers
  }

  protected override getRequestOptions(options: Parameters<Client['getRequestOptions']>[0]) {
    return super.getRequestOptions({ ...options, headers: this.#headers })
  }
}

const metadata = fc.dictionary(
  fc.constantFrom(
    'x-amz-meta-sluice-start',
    'x-amz-meta-sluice-at',
    'x-amz-copy-source',
    // HTTP allows these letters in names, and MinIO stores them.
    ...['a!b', "a'b", 'a#b', 'a$b', 'a%b', 'a&b', 'a*b', 'a+b', 'a^b', 'a`b', 'a|b', 'a~b'].map(
      (name) => `x-amz-meta-${name}`,
    ),
  ),
  fc.constantFrom('12.5', 'video/mp2t', 'two  spaces inside'),
)

function signerAt(endpoint = 'http://127.0.0.1:9000', nowMs = AT_MS) {
  return createSigner({ endpoint, region: 'us-east-1', credentials, now: () => nowMs })
}

const stampOf = (url: string) => new URL(url).searchParams.get('X-Amz-Date')

describe('a signed URL', () => {
  it('is what minio-js signs, to the byte', async () => {
    const times = fc.integer({ min: 1e12, max: 4e12 })
    await fc.assert(
      fc.asyncProperty(
        fc.record({ endpoint: fc.constantFrom(...ENDPOINTS), region: fc.constantFrom(...REGIONS) }),
        fc.record({ method: methods, key: keys, query: queries, signedHeaders: metadata }),
        fc.integer({ min: 1, max: 604_800 }),
        // One signer signs at both times, so what it keeps of the first must not show in the second.
        fc.array(times, { minLength: 1, maxLength: 2 }),
        async ({ endpoint, region }, { method, key, query, signedHeaders }, seconds, moments) => {
          let nowMs = 0
          const signer = createSigner({ endpoint, region, credentials, now: () => nowMs })
          for (nowMs of moments) {
            const reference = new Reference(endpoint, region, signedHeaders)
            expect(signer.sign({ method, bucket: 'incoming', key, query, signedHeaders }, seconds)).toBe(
              await reference.presignedUrl(method, 'incoming', key, seconds, query, new Date(nowMs)),
            )
          }
        },
      ),
      { seed: SEED, numRuns: 2_000 },
    )
  })

  it('names a server by its IPv6 address, which minio-js cannot', () => {
    expect(signerAt('http://[::1]:9000').sign({ method: 'GET', bucket: 'incoming', key: 'a' }, 60)).toMatch(
      /^http:\/\/\[::1\]:9000\/incoming\/a\?.*&X-Amz-Signature=[0-9a-f]{64}$/,
    )
  })

  it('sorts what it signs by name, also where one name begins another', () => {
    const query = { 'a-b': '1', a: '2' }
    expect(signerAt().sign({ method: 'GET', bucket: 'incoming', query }, 60)).toContain('?a=2&a-b=1&')
  })

  it('has the time of the store once an answer has shown it', () => {
    const signer = signerAt()
    signer.learnTime(new Date(AT_MS - 3_600_000).toUTCString())
    expect(stampOf(signer.sign({ method: 'GET', bucket: 'incoming' }, 60))).toBe('20261130T094500Z')
  })

  it('trusts the first answer of a second: later ones would set the clock back', () => {
    let nowMs = AT_MS
    const signer = createSigner({
      endpoint: 'http://store',
      region: 'us-east-1',
      credentials,
      now: () => nowMs,
    })
    const date = new Date(AT_MS).toUTCString()
    signer.learnTime(date)
    nowMs += 1_500
    signer.learnTime(date)
    expect(stampOf(signer.sign({ method: 'GET', bucket: 'incoming' }, 60))).toBe('20261130T104501Z')
  })

  it.each(['No_Bucket', 'ab', 'a..b', 'a.-b', '10.0.0.1', '-ab', 'a'.repeat(64), 'a/b', ''])(
    'is refused for the bucket name %j, which no store accepts',
    (bucket) => {
      expect(() => signerAt().sign({ method: 'GET', bucket }, 60)).toThrow(/is not a valid bucket name/)
    },
  )

  it('is refused for a key that is not valid Unicode', () => {
    expect(() => signerAt().sign({ method: 'GET', bucket: 'incoming', key: '\ud800' }, 60)).toThrow(
      /is not valid Unicode/,
    )
  })

  it.each([0, 604_801, Number.NaN])('is refused for a lifetime of %d s', (seconds) => {
    expect(() => signerAt().sign({ method: 'GET', bucket: 'incoming' }, seconds)).toThrow(/1 to 604800 s/)
  })
})

it('refuses an endpoint with a path, which no signature has a place for', () => {
  expect(() => signerAt('http://store/minio')).toThrow(/has a path/)
})
