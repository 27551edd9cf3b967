// @ts-check
/**
 * What pages do by themselves. Without this script everything can be read and done all the same.
 *
 * For other scripts of pages: `sluice:page` is dispatched on the document after each exchange of `<main>`, `sluice:change` with
 * the runs that have changed, `sluice:files` with files that were dropped. In `<main>`, elements with `data-keep` and players
 * (`data-player`) are left alone for as long as their id is there.
 * @module
 */
import { startChoosing } from './console/choosing.js'
import { startDeeds } from './console/deeds.js'
import { startDrop } from './console/drop.js'
import { startFilters } from './console/filters.js'
import { startKeys } from './console/keys.js'
import { startLive } from './console/live.js'
import { startLost } from './console/lost.js'
import { refresh, settled } from './console/page.js'
import { startTimes } from './console/times.js'

startTimes()
startLost(refresh)
startLive()
startDeeds()
startFilters()
startChoosing()
startKeys()
startDrop()
settled()
