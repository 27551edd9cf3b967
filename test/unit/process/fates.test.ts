import { expect, it } from 'vitest'
import { createFates } from '../../../runtime/process/fates.ts'
import type { Fate, ToChild } from '../../../runtime/process/messages.ts'

const crashed: Fate = { consumer: 'w', kind: 'crashed', how: 'was ended by SIGKILL' }

it('keeps the end of a worker until a child serves that can say it, and no word about the moment', () => {
  const said: ToChild[] = []
  const child = { connected: false, send: (message: ToChild) => said.push(message) > 0 }
  const fates = createFates(() => child)
  fates.report(crashed)
  fates.report({ consumer: 'v', kind: 'starved', how: 'is starved' })
  expect(said).toEqual([])
  child.connected = true
  fates.flush()
  fates.flush()
  expect(said).toEqual([{ type: 'fate', fate: crashed }])
})
