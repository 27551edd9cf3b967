#!/usr/bin/env node
// The command `sluice` of a clone.
import { launch } from './launch.mjs'

await launch('runtime/main.ts', process.argv[1])
