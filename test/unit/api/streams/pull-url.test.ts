import { expect, it } from 'vitest'
import { pullProblem } from '../../../../runtime/api/streams/pull-url.ts'
import { pullHosts } from '../../../../runtime/settings/pull-hosts.ts'

it.each([
  ['rtsp://cam.lan/live', 'cam.lan'],
  ['rtsp://user:secret@CAM.lan:554/live', 'cam.lan:554'],
  ['http://192.0.2.9/live.m3u8', '192.0.2.0/24'],
  ['https://[2001:db8::1]/live.m3u8', '2001:db8::1'],
  ['rtmp://cam.lan/live', 'cam.lan:1935'],
  ['srt://cam.lan:9000', 'cam.lan:9000'],
  // Resolved by the receiver.
  ['rtsp://door.lan/live', '192.0.2.0/24'],
])('%s may be pulled where %s is listed', (url, hosts) => {
  expect(pullProblem(url, pullHosts(hosts))).toBeUndefined()
})

it.each([
  ['rtsp://cam.lan/live', '', 'SLUICE_STREAMS_PULL_HOSTS'],
  ['rtsp://door.lan/live', 'cam.lan', 'host door.lan, port 554 is not in SLUICE_STREAMS_PULL_HOSTS'],
  ['rtsp://cam.lan:8554/live', 'cam.lan:554', 'port 8554'],
  // Nor does a receiver look up a name because an address is listed.
  ['rtsp://door.lan/live', '192.0.2.7', 'host door.lan'],
  ['http://198.51.100.1/', '192.0.2.0/24', 'host 198.51.100.1'],
  ['file:///etc/passwd', 'cam.lan', 'file:// cannot be pulled'],
  ['gopher://cam.lan', 'cam.lan', 'gopher:// cannot be pulled'],
  ['rtsp:///live', 'cam.lan', 'no host'],
  ['srt://cam.lan', 'cam.lan', 'needs a port'],
  ['secret', 'cam.lan', 'not a URL'],
])('%s may not be pulled where "%s" is listed: %s', (url, hosts, why) => {
  expect(pullProblem(url, pullHosts(hosts))).toContain(why)
})
