/** Ten minutes of a camera through cuts and kills of sender, receiver, MinIO and Redis, while hls.js plays; `TEST_STREAM_SECONDS=3600` for an hour. */
import { describeChaos } from './streams-chaos.ts'

describeChaos(Number(process.env['TEST_STREAM_SECONDS'] ?? 600))
