/** The lines that a child process writes. @module */
import type { Readable } from 'node:stream'
import { createLineSplitter } from '../words/lines.ts'

export function readLines(stream: Readable | null, onLine: (line: string) => void): void {
  const splitter = createLineSplitter(onLine)
  stream
    ?.setEncoding('utf8')
    .on('data', (text: string) => splitter.add(text))
    .on('end', () => splitter.end())
}
