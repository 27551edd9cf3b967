// `node infra/build/run.mjs infra/local/start.ts …`: a program of this clone.
import { launch } from './launch.mjs'

const [modulePath] = process.argv.splice(2, 1)
await launch(modulePath)
