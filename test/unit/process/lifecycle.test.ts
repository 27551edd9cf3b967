import { expect, it } from 'vitest'
import { createClosers, within } from '../../../runtime/process/lifecycle.ts'
import { createLogger } from '../../../runtime/telemetry/logger.ts'

it('closes the last first, and continues after one that fails', async () => {
  const closers = createClosers()
  const closed: string[] = []
  closers.add('first', () => void closed.push('first'))
  closers.add('broken', () => Promise.reject(new Error('no')))
  closers.add('last', () => void closed.push('last'))
  await closers.closeAll(createLogger({ level: 'silent', format: 'json' }))
  expect(closed).toEqual(['last', 'first'])
})

it('waits for work no longer than its time', async () => {
  await within(1_000, Promise.resolve(), 'too late')
  await expect(within(1, new Promise(() => undefined), 'too late')).rejects.toThrow('too late')
  await expect(within(1_000, Promise.reject(new Error('broken')), 'too late')).rejects.toThrow('broken')
})
