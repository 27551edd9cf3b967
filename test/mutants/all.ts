/** Every mutant there is. @module */
import type { Mutant } from './mutant.ts'
import { CHANGE_MUTANTS } from './changes-mutants.ts'
import { CONSOLE_MUTANTS } from './console-mutants.ts'
import { DOOR_MUTANTS } from './door-mutants.ts'
import { HLS_MUTANTS } from './hls-mutants.ts'
import { HTTP_MUTANTS } from './http-mutants.ts'
import { LOGIN_MUTANTS } from './login-mutants.ts'
import { OUTPUT_MUTANTS, UPKEEP_MUTANTS } from './output-mutants.ts'
import { PICTURE_MUTANTS } from './pictures-mutants.ts'
import { QUEUE_MUTANTS } from './queue-mutants.ts'
import { RECEPTION_MUTANTS } from './reception-mutants.ts'
import { SOUND_MUTANTS } from './sound-mutants.ts'
import { STREAM_MUTANTS } from './streams-mutants.ts'
import { SWEEP_MUTANTS, DEBT_MUTANTS } from './sweep-mutants.ts'
import { TAKE_MUTANTS } from './take-mutants.ts'
import { UPLOAD_MUTANTS } from './uploads-mutants.ts'
import { VERDICT_MUTANTS } from './verdict-mutants.ts'
import { WORKER_MUTANTS } from './worker-mutants.ts'

export const MUTANTS: readonly Mutant[] = [
  ...QUEUE_MUTANTS,
  ...CHANGE_MUTANTS,
  ...CONSOLE_MUTANTS,
  ...LOGIN_MUTANTS,
  ...HTTP_MUTANTS,
  ...HLS_MUTANTS,
  ...OUTPUT_MUTANTS,
  ...UPKEEP_MUTANTS,
  ...SWEEP_MUTANTS,
  ...DEBT_MUTANTS,
  ...RECEPTION_MUTANTS,
  ...TAKE_MUTANTS,
  ...DOOR_MUTANTS,
  ...STREAM_MUTANTS,
  ...UPLOAD_MUTANTS,
  ...VERDICT_MUTANTS,
  ...WORKER_MUTANTS,
  ...PICTURE_MUTANTS,
  ...SOUND_MUTANTS,
]
