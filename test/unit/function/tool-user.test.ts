import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { freeUser, toolUser } from '../../../runtime/function/tool-user.ts'

const DEBIAN = `root:x:0:0:root:/root:/bin/bash
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
_apt:x:42:65534::/nonexistent:/usr/sbin/nologin
`

it('is an id that no user and no group of the machine has, not even *nobody*', () => {
  expect(freeUser([DEBIAN, 'nogroup:x:65534:\n'])).toEqual({ uid: 65_533, gid: 65_533 })
  const uid = toolUser()?.uid
  expect(readFileSync('/etc/passwd', 'latin1')).not.toMatch(new RegExp(`^[^:]*:[^:]*:${uid}:`, 'm'))
})

it('leaves an id to the user or group that has it', () => {
  const users = 'mine:x:65533:100::/:/bin/sh\n'
  expect(freeUser([users, 'ours:x:65532:mine\n'])).toEqual({ uid: 65_531, gid: 65_531 })
})

it('is undefined where every id is taken, and otherwise the last free one', () => {
  const all = Array.from({ length: 14 }, (_, index) => `u${index}:x:${65_520 + index}:0::/:/bin/sh`).join(
    '\n',
  )
  expect(freeUser([all])).toBeUndefined()
  expect(freeUser([all.replace(':65520:', ':100:')])).toEqual({ uid: 65_520, gid: 65_520 })
})

it('is the same whatever the order of the files', () => {
  expect(freeUser(['', DEBIAN])).toEqual(freeUser([DEBIAN, '']))
})
