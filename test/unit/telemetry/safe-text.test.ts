import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { shellWord } from '../../../runtime/telemetry/safe-text.ts'

it.each(['incoming/a.mp4', 'x$(touch pwn)`id`.mp4', `it's "here"; rm -rf ~`, 'a\nb', '', '*', '\\'])(
  'is one word to a shell, and runs nothing: %j',
  (text) => {
    const said = execFileSync('/bin/sh', ['-c', `printf %s ${shellWord(text)}`], { encoding: 'utf8' })
    expect(said).toBe(text)
  },
)
