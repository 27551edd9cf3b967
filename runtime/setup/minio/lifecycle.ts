/** The rules by which a bucket forgets, merged into those that others made. Pure. @module */
import { parseXml } from '../../storage/xml.ts'

/** Rules whose ID begins so are ours. */
const OWN_PREFIX = 'sluice-'

/** Of a replaced upload or result: long enough for a person to come back from holidays and ask for it. */
const OLD_VERSIONS_DAYS = 30

export type Forgetting =
  /** Everything goes after a day. */
  | 'temporary'
  /** What was replaced or deleted goes after {@link OLD_VERSIONS_DAYS} days. */
  | 'old-versions'

const RULES: Readonly<Record<Forgetting, string>> = {
  temporary: rule('expire', '<Expiration><Days>1</Days></Expiration>'),
  'old-versions': rule(
    'old-versions',
    '<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>' +
      `<NoncurrentVersionExpiration><NoncurrentDays>${OLD_VERSIONS_DAYS}</NoncurrentDays></NoncurrentVersionExpiration>`,
  ),
}

/**
 * What to write back; undefined when all is as it should be. Rules of others are kept letter by letter.
 *
 * @param currentXml - empty when the bucket has no rules
 * @throws {StorageError} when it is no such configuration: it would be lost
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
