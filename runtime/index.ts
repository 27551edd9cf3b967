/** The public interface for functions. Everything else in `runtime/` is private to the runtime. @module */
export { defineFunction } from './function/definition.ts'
export type {
  Definition,
  FunctionDefinition,
  FunctionEnv,
  FunctionVariables,
  Progress,
  RunFacts,
} from './function/definition.ts'
export { PermanentError, RetryLaterError } from './errors.ts'
export { contentTypeOf, type KnownContentType } from './content-types.ts'
export type { ChunkTimes, MediaFacts, Output, OutputFacts, OutputFile, JsonValue } from './output/output.ts'
export type { SourceObject, Source, StreamPiece, StreamSession } from './function/source.ts'
export type { Logger } from './telemetry/logger.ts'
export type { ToolCheck } from './function/list.ts'
export { functionMetrics } from './telemetry/metrics.ts'
export { freePort } from './listening.ts'
export { openRegularFile } from './storage/regular-file.ts'
export { STREAM_PIECES } from './storage/names.ts'
export { parseSizeBytes } from './amounts.ts'
export { tellToolLine } from './function/tool-lines.ts'
export { toolUser, type ToolUser } from './function/tool-user.ts'
export type { Environment } from './settings/files.ts'
export type {
  ClosedPiece,
  Examination,
  MediaReception,
  PieceFormat,
  ReceptionAbilities,
  Take,
  TakeEnd,
  TakeInput,
  TakeOptions,
} from './function/take.ts'
