/** The person who looks at a page. @module */
import type { TokenRole } from '../settings/config.ts'

export const THEMES = ['auto', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

export interface Viewer {
  readonly role: TokenRole
  /** Precedes every path: empty, or such as `/sluice` behind a proxy. */
  readonly base: string
  /** Of the page, without the base: `/runs`. */
  readonly path: string
  readonly theme: Theme
  /** Whether there is a login, and so a way to log out. */
  readonly hasLogin: boolean
  /** Whether this runtime has an account for uploads. */
  readonly hasUploads: boolean
  /** Where people reach Grafana, without a slash at the end; undefined: nothing links there. */
  readonly grafanaUrl?: string | undefined
  /** Said once, after a change. */
  readonly notice?: Notice | undefined
}

export interface Notice {
  readonly text: string
  readonly isBad: boolean
}

export function mayUpload(viewer: Pick<Viewer, 'role' | 'hasUploads'>): boolean {
  return viewer.hasUploads && mayOperate(viewer)
}

export function mayOperate({ role }: Pick<Viewer, 'role'>): boolean {
  return role !== 'reader'
}

/** May remove for good. */
export function mayPurge({ role }: Pick<Viewer, 'role'>): boolean {
  return role === 'admin'
}
