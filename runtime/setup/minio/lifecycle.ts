/** Lifecycle rules of a bucket: read, and merged into those that others made. @module */
import { isStorageCode } from '../../storage/errors.ts'
import type { Requester } from '../../storage/request.ts'
import { parseXml } from '../../storage/xml.ts'
import { writeSetting } from './buckets.ts'

/** The IDs of our rules start with this. */
const OWN_PREFIX = 'sluice-'

/** How long a replaced upload or result is kept: long enough for a person to come back from holidays and ask for it. */
const OLD_VERSIONS_DAYS = 30

export type Forgetting =
  /** Everything is removed after a day. */
  | 'temporary'
  /** Replaced and deleted versions are removed after {@link OLD_VERSIONS_DAYS} days. */
  | 'old-versions'

const RULES: Readonly<Record<Forgetting, string>> = {
  temporary: rule('expire', '<Expiration><Days>1</Days></Expiration>'),
  'old-versions': rule(
    'old-versions',
    '<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>' +
      `<NoncurrentVersionExpiration><NoncurrentDays>${OLD_VERSIONS_DAYS}</NoncurrentDays></NoncurrentVersionExpiration>`,
  ),
}

/** The configuration as XML; empty when the bucket has none. */
export async function readLifecycle(requester: Requester, bucket: string): Promise<string> {
  try {
    return (await requester.read({ method: 'GET', bucket, query: { lifecycle: '' } })).text
  } catch (error) {
    if (isStorageCode(error, 'NoSuchLifecycleConfiguration')) return ''
    throw error
  }
}

/** Whether something had to be changed. */
export async function setLifecycle(
  requester: Requester,
  bucket: string,
  forgetting: Forgetting,
): Promise<boolean> {
  const merged = mergeLifecycle(await readLifecycle(requester, bucket), forgetting)
  if (merged !== undefined) await writeSetting(requester, bucket, { lifecycle: '' }, merged)
  return merged !== undefined
}

/**
 * The configuration to write back; undefined when nothing has to change. Rules of others are kept letter by letter.
 *
 * @param currentXml - empty when the bucket has no rules
 * @throws {StorageError} when it is not such a configuration, which would be lost
 */
export function mergeLifecycle(currentXml: string, forgetting: Forgetting): string | undefined {
  if (currentXml !== '') parseXml(currentXml, 'LifecycleConfiguration')
  const current = currentXml.match(/<Rule>.*?<\/Rule>/gs) ?? []
  const isOurs = (xml: string) => xml.includes(`<ID>${OWN_PREFIX}`)
  const ours = current.filter(isOurs)
  // MinIO gives a rule back as it was written: our own spelling is the comparison.
  if (ours.length === 1 && ours[0] === RULES[forgetting]) return undefined
  const rules = [...current.filter((xml) => !isOurs(xml)), RULES[forgetting]]
  return `<LifecycleConfiguration>${rules.join('')}</LifecycleConfiguration>`
}

function rule(name: string, actions: string): string {
  return `<Rule><ID>${OWN_PREFIX}${name}</ID><Status>Enabled</Status><Filter></Filter>${actions}</Rule>`
}
