/**
 * The formats and codecs that are accepted, before any byte of a file reaches a demuxer or decoder. FFmpeg has some 300
 * demuxers and 500 decoders; all others are refused, including those that follow references to other files and hosts
 * (hls, dash, concat, sdp) and those with a history of vulnerabilities (`reference/media.md`, section 6).
 * @module
 */

/** Demuxers, by the names that FFmpeg compares. */
export const FORMATS = words(`
  mov mp4 m4a 3gp 3g2 mj2 matroska webm mpegts mpeg avi flv asf mxf
  ogg wav mp3 aac flac aiff caf
`)

/**
 * Decoders, which are opened to find out what a stream is, also where its packets are only copied. FFmpeg's own fuzzers feed each
 * of them all the time (OSS-Fuzz has one for every decoder); here are those that people's files have.
 */
export const CODECS = words(`
  h264 hevc vp8 vp9 libvpx libvpx-vp9 av1 libdav1d libaom-av1 theora
  mpeg4 mpeg1video mpeg2video h263 flv msmpeg4 msmpeg4v2 wmv1 wmv2 wmv3 vc1
  vp3 vp5 vp6 vp6a vp6f svq1 svq3 cinepak indeo2 indeo3 indeo4 indeo5 msvideo1 msrle
  mjpeg png bmp gif prores dnxhd dvvideo ffv1 huffyuv rawvideo qtrle
  aac aac_latm mp3 mp3float mp2 mp2float ac3 eac3 dca opus libopus vorbis libvorbis flac alac
  amrnb amrwb libopencore_amrnb libopencore_amrwb wmav1 wmav2 wmapro speex libspeex
  adpcm_ms adpcm_ima_wav adpcm_ima_qt gsm_ms pcm_mulaw pcm_alaw pcm_dvd pcm_bluray
  pcm_s8 pcm_u8 pcm_s16le pcm_s16be pcm_s24le pcm_s24be pcm_s32le pcm_s32be
  pcm_f32le pcm_f32be pcm_f64le pcm_f64be
  mov_text subrip srt webvtt ass ssa pgssub dvdsub dvbsub cc_dec
`)

/** Codecs of these decoders that FFmpeg calls by another name. */
const CODEC_NAMES = words(`
  flv1 msmpeg4v3 msmpeg4v2 dts amr_nb amr_wb eia_608 hdmv_pgs_subtitle dvd_subtitle dvb_subtitle
`)

/** By the name of a codec, not of a decoder. A codec without a name has no decoder that could be opened. */
export function isAcceptedCodec(name: string | undefined): boolean {
  return name === undefined || CODECS.includes(name) || CODEC_NAMES.includes(name)
}

/** Of one frame: 8192 x 4608. */
export const MAX_PIXELS = 37_748_736
export const MAX_STREAMS = 64
/** Of one file, by its own word or by the time stamps in it: 100 hours. */
export const MAX_MEDIA_SECONDS = 360_000
export const TOO_LONG = `its time stamps go beyond the ${hours(MAX_MEDIA_SECONDS)} that are accepted`
/** Of one allocation, which a lying header can trigger. */
export const MAX_ALLOCATION_BYTES = 256 * 1024 ** 2
/** How far FFmpeg reads to find out what is inside. */
export const PROBE_BYTES = 10_000_000
export const ANALYZE_MICROS = 10_000_000

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/)
}

export function hours(seconds: number): string {
  return `${Math.round(seconds / 3_600)} hours`
}
