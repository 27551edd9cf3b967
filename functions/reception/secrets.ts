/** FFmpeg's lines without what must not be shown: stream keys, passphrases, and passwords and tokens in addresses. Pure. @module */
import type { TakeInput } from '../../runtime/index.ts'

const HIDDEN = '…'

/** The texts of an input that only the sender and we may know. */
export function secretsOf(input: TakeInput): readonly string[] {
  switch (input.door) {
    case 'http':
      return []
    case 'rtmp':
      return [input.nonce]
    case 'srt':
      return [input.passphrase]
    case 'pull': {
      const { protocol, username, password, pathname, search, searchParams } = new URL(input.url)
      // Behind the application's name: the key of a stream, as a rule.
      const key = protocol === 'rtmp:' ? pathname.split('/').slice(2).join('/') : ''
      const values = [username, password, key].flatMap((text) => [text, decoded(text)])
      return [...values, search.slice(1), ...searchParams.values()]
    }
  }
}

/** @param secrets - shorter ones than 4 characters are hidden in addresses only: elsewhere they would hide half of the words */
export function withoutSecrets(line: string, secrets: readonly string[]): string {
  const known = secrets.filter((secret) => secret.length >= 4).toSorted((a, b) => b.length - a.length)
  const hidden = known.reduce((text, secret) => text.replaceAll(secret, HIDDEN), line)
  return hidden
    .replaceAll(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi, `$1${HIDDEN}@`)
    .replaceAll(/\b([a-z][a-z0-9+.-]*:\/\/[^\s?]*)\?[^\s'")]*/gi, `$1?${HIDDEN}`)
    .replaceAll(/\b(key|token|passphrase|password|streamid)=[^\s&'"]+/gi, `$1=${HIDDEN}`)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
