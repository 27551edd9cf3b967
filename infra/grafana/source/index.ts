/** The dashboards, in the order in which Grafana's links show them. @module */
import { functionDetail } from './function.ts'
import { health } from './health.ts'
import type { Dashboard } from './panel.ts'
import { performance } from './performance.ts'
import { video } from './video.ts'

export const DASHBOARDS: readonly Dashboard[] = [video, health, performance, functionDetail]
