#!/usr/bin/env node
// The command `sluice` of a clone: main.ts through tsx.
import { register } from 'tsx/esm/api'

register()
await import('./main.ts')
