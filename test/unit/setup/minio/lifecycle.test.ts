import { describe, expect, it } from 'vitest'
import { mergeLifecycle } from '../../../../runtime/setup/minio/lifecycle.ts'

const THEIRS =
  '<Rule><ID>theirs</ID><Status>Enabled</Status><Filter><Prefix>a&amp;b</Prefix></Filter><Expiration><Days>3</Days></Expiration></Rule>'

function answer(...rules: readonly string[]): string {
  return `<LifecycleConfiguration>${rules.join('')}</LifecycleConfiguration>`
}

describe('mergeLifecycle', () => {
  it('expires everything temporary after a day', () => {
    expect(mergeLifecycle('', 'temporary')).toContain('<Days>1</Days>')
  })

  it('expires only replaced and deleted versions in buckets with results', () => {
    const xml = mergeLifecycle('', 'old-versions')
    expect(xml).toContain('<NoncurrentDays>30</NoncurrentDays>')
    expect(xml).not.toContain('<Days>')
  })

  it('keeps the rules of others letter by letter', () => {
    expect(mergeLifecycle(answer(THEIRS), 'old-versions')).toContain(THEIRS)
  })

  it('replaces an outdated rule of ours', () => {
    const outdated =
      '<Rule><ID>sluice-expire</ID><Status>Enabled</Status><Expiration><Days>9</Days></Expiration></Rule>'
    const xml = mergeLifecycle(answer(outdated, THEIRS), 'temporary')
    expect(xml).not.toContain('<Days>9</Days>')
    expect(xml?.match(/<Rule>/g)).toHaveLength(2)
  })

  it('writes nothing when nothing has to change', () => {
    const first = mergeLifecycle(answer(THEIRS), 'old-versions') ?? ''
    expect(mergeLifecycle(first, 'old-versions')).toBeUndefined()
  })

  it('does not overwrite something other than a configuration', () => {
    expect(() => mergeLifecycle('<html>Bad gateway</html>', 'temporary')).toThrow(/is MINIO_ENDPOINT an S3/)
  })
})
