/** The media half of streams: the runtime receives and stores, and this knows what is received. @module */
import type { MediaReception } from '../../runtime/index.ts'
import { abilities } from './abilities.ts'
import { examine } from './examine.ts'
import { measure } from './measure.ts'
import { startTake } from './take.ts'

export const reception: MediaReception = { abilities, examine, startTake, measure }
