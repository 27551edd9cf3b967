import { expect, it } from 'vitest'
import { PROFILES, RUN_OUTCOMES } from '../../../../../functions/ffmpeg/run/metrics.ts'
import { functionMetrics } from '../../../../../runtime/index.ts'

it('shows every combination of labels from the start, with 0', async () => {
  const text = await functionMetrics.metrics()
  for (const profile of PROFILES) {
    for (const outcome of RUN_OUTCOMES) {
      expect(text).toContain(`sluice_ffmpeg_runs_total{profile="${profile}",outcome="${outcome}"} 0`)
    }
    expect(text).toContain(`sluice_ffmpeg_duration_seconds_count{profile="${profile}"} 0`)
    expect(text).toContain(`sluice_media_seconds_processed_total{profile="${profile}"} 0`)
  }
})
