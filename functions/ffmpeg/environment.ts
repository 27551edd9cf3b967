/** What FFmpeg is told of its surroundings. @module */

/**
 * Nothing is inherited: no credentials, no proxies, no FFREPORT, which makes FFmpeg write files.
 * Without this GCONV_PATH the static builds crash on MPEG-TS (`reference/media.md`, trap 2).
 */
export const GUARDED_ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
  GCONV_PATH: '/nonexistent',
}
