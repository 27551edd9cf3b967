/**
 * Where the code does not yet keep the rules of `layout.test.ts`. The list only shrinks: who puts an import right takes its
 * line off, and a new one is refused.
 */
export const OPEN = {
  upwards: [],
  circles: ['runtime/worker/attempt/handle.ts <-> runtime/worker/attempt/perform.ts'],
  past: [],
  packages: ['runtime/process/listen.ts -> hono', 'runtime/process/listen.ts -> @hono/node-server'],
  redisCommands: [],
} as const satisfies Record<string, readonly string[]>
