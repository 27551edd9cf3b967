import { describe, expect, it } from 'vitest'
import { withoutBase } from '../../../../runtime/api/http/base-path.ts'

describe('the target of a request below a base path', () => {
  it.each([
    ['/sluice', '/'],
    ['/sluice/', '/'],
    ['/sluice?page=1', '/?page=1'],
    ['/sluice/v1/runs?limit=5', '/v1/runs?limit=5'],
    ['http://host:8080/sluice/runs', 'http://host:8080/runs'],
    ['http://host:8080/sluice', 'http://host:8080/'],
    ['/sluice/objects/incoming?key=/sluice/a', '/objects/incoming?key=/sluice/a'],
    ['/sluice//v1/runs', '//v1/runs'],
  ])('%s is %s', (target, path) => {
    expect(withoutBase(target, '/sluice')).toBe(path)
  })

  it.each(['/', '/healthz', '/v1/runs', '/sluicegate', '/Sluice/', '*', ''])(
    'is left as it is without the base: %j',
    (target) => {
      expect(withoutBase(target, '/sluice')).toBe(target)
      expect(withoutBase(target, '')).toBe(target)
    },
  )
})
