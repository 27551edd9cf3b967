/**
 * Signed URLs. minio-js does the signing and nothing else: its own calls hang, buffer and misread.
 * @module
 */
import { Client, type ClientOptions } from 'minio'
import type { Credentials } from '../settings/config.ts'
import { ConfigError } from '../errors.ts'
import type { Method } from './http.ts'

export interface SignedCall {
  readonly method: Method
  readonly bucket: string
  /** Absent for calls about the bucket itself. */
  readonly key?: string | undefined
  readonly query?: Readonly<Record<string, string>> | undefined
  /** Headers in lower case that the signature covers and the request has to send: MinIO refuses user metadata otherwise. */
  readonly signedHeaders?: Readonly<Record<string, string>> | undefined
}

export interface Signer {
  /** A URL that is a right to this one call for `expiresSeconds`. Makes no network call. */
  sign(call: SignedCall, expiresSeconds: number): Promise<string>
  /** Learns the store's clock from the `Date` header of an answer. */
  learnTime(dateHeader: string | undefined): void
}

/** Signs headers too, for which `presignedUrl` has no parameter. */
class HeaderSigner extends Client {
  readonly #headers: Readonly<Record<string, string>>

  constructor(options: ClientOptions, headers: Readonly<Record<string, string>>) {
    super(options)
    this.#headers = headers
  }

  protected override getRequestOptions(options: Parameters<Client['getRequestOptions']>[0]) {
    return super.getRequestOptions({ ...options, headers: this.#headers })
  }
}

export interface SignerOptions {
  readonly endpoint: string
  readonly region: string
  readonly credentials: Credentials
}

/** @throws {ConfigError} when the endpoint has a path: S3 signatures have no place for one */
export function createSigner(options: SignerOptions): Signer {
  const endpoint = new URL(options.endpoint)
  if (endpoint.pathname !== '/') {
    throw new ConfigError([
      `MINIO_ENDPOINT: "${options.endpoint}" has a path; give scheme, host and port only, such as "http://127.0.0.1:9000"`,
    ])
  }
  const isSecure = endpoint.protocol === 'https:'
  const clientOptions = {
    endPoint: endpoint.hostname,
    port: Number(endpoint.port || (isSecure ? 443 : 80)),
    useSSL: isSecure,
    accessKey: options.credentials.accessKey,
    secretKey: options.credentials.secretKey,
    // With a region minio-js asks nobody for it.
    region: options.region,
    pathStyle: true,
  }
  const client = new Client(clientOptions)
  // The store's clock less ours. A `Date` is older when we read it than when it was written, never younger, so a
  // wrong guess makes URLs end too early, which shows, and never too late, which would let a sleeper write.
  let offsetMs = 0
  return {
    sign: ({ method, bucket, key, query, signedHeaders = {} }, expiresSeconds) => {
      const hasHeaders = Object.keys(signedHeaders).length > 0
      const signing = hasHeaders ? new HeaderSigner(clientOptions, signedHeaders) : client
      const at = new Date(Date.now() + offsetMs)
      return signing.presignedUrl(method, bucket, key ?? '', expiresSeconds, query, at)
    },
    learnTime(dateHeader) {
      const storeMs = Date.parse(dateHeader ?? '')
      if (!Number.isNaN(storeMs)) offsetMs = storeMs - Date.now()
    },
  }
}

/** The lifetime of a link. */
const LINK_SECONDS = 3_600

export type Links = (bucket: string, key: string) => Promise<string>

/**
 * Links to stored objects, for people and players: a holder may read that object until the link expires.
 *
 * @param options - with the endpoint under which people reach the store; signing makes no network call
 */
export function createLinks(options: SignerOptions): Links {
  const signer = createSigner(options)
  return (bucket, key) => signer.sign({ method: 'GET', bucket, key }, LINK_SECONDS)
}
