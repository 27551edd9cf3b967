export const rootDir: string
export function ensureBuild(): string | undefined
