/** A second of a quiet tone as a WAV file: media that needs no tool to be made. Pure. @module */

const RATE = 8_000
const PITCH_HZ = 440
const LOUDNESS = 3_000
const HEADER_BYTES = 44

/** @see http://soundfile.sapp.org/doc/WaveFormat/ */
export function toneWav(seconds = 1): Buffer {
  const samples = Math.round(RATE * seconds)
  const wav = Buffer.alloc(HEADER_BYTES + samples * 2)
  wav.write('RIFF', 0)
  wav.writeUInt32LE(wav.length - 8, 4)
  wav.write('WAVEfmt ', 8)
  // 16 bytes of format: PCM, one channel, rate, bytes a second, bytes and bits a sample.
  wav.writeUInt32LE(16, 16)
  wav.writeUInt16LE(1, 20)
  wav.writeUInt16LE(1, 22)
  wav.writeUInt32LE(RATE, 24)
  wav.writeUInt32LE(RATE * 2, 28)
  wav.writeUInt16LE(2, 32)
  wav.writeUInt16LE(16, 34)
  wav.write('data', 36)
  wav.writeUInt32LE(samples * 2, 40)
  for (let index = 0; index < samples; index++)
    wav.writeInt16LE(
      Math.round(LOUDNESS * Math.sin((2 * Math.PI * PITCH_HZ * index) / RATE)),
      HEADER_BYTES + index * 2,
    )
  return wav
}
