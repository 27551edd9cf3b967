/** Links to stored objects, for people and players: whoever has one may read that object until it expires. @module */
import { createSigner, type SignerOptions } from './sign.ts'

/** For how long a link is good. */
export const LINK_SECONDS = 3_600

export type Links = (bucket: string, key: string) => Promise<string>

/** @param options - with the endpoint under which people reach the store; signing makes no network call */
export function createLinks(options: SignerOptions): Links {
  const signer = createSigner(options)
  return (bucket, key) => signer.sign({ method: 'GET', bucket, key }, LINK_SECONDS)
}
