/** The header of a WAV file of 16 bits, mono. Pure. Source: Microsoft, Multimedia Programming Interface and Data Specifications 1.0. @module */
import { SAMPLE_BYTES } from './samples.ts'

export const WAV_HEADER_BYTES = 44

export function wavHeader(samples: number, sampleRate: number): Buffer {
  const header = Buffer.alloc(WAV_HEADER_BYTES)
  const dataBytes = samples * SAMPLE_BYTES
  header.write('RIFF', 0, 'latin1')
  header.writeUInt32LE(WAV_HEADER_BYTES - 8 + dataBytes, 4)
  header.write('WAVEfmt ', 8, 'latin1')
  header.writeUInt32LE(16, 16)
  // Samples as they are, one channel.
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(1, 22)
  header.writeUInt32LE(sampleRate, 24)
  header.writeUInt32LE(sampleRate * SAMPLE_BYTES, 28)
  header.writeUInt16LE(SAMPLE_BYTES, 32)
  header.writeUInt16LE(SAMPLE_BYTES * 8, 34)
  header.write('data', 36, 'latin1')
  header.writeUInt32LE(dataBytes, 40)
  return header
}
