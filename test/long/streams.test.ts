/** A minute of `test/longest/streams.test.ts`. */
import { describeChaos } from './streams-chaos.ts'

describeChaos(60)
