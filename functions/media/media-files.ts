/** The names of files that functions on media take, as globs. What is really inside decides later. @module */

const EXTENSIONS = `
  mp4 m4v mov qt 3gp 3g2 mkv webm avi ts m2ts mts flv mpg mpeg wmv asf mxf ogv
  mp3 m4a m4b aac wav ogg oga opus flac mka wma aif aiff caf
`

export const MEDIA_FILES: readonly string[] = [`**/*.{${EXTENSIONS.trim().split(/\s+/).join(',')}}`]
