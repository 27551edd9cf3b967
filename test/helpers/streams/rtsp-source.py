"""A camera: GStreamer's own RTSP server with a film of MPEG-TS, for one viewer; it ends when that one has left."""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

Gst.init(None)
port, film = sys.argv[1:3]
loop = GLib.MainLoop()
server = GstRtspServer.RTSPServer.new()
server.set_address("127.0.0.1")
server.set_service(port)
factory = GstRtspServer.RTSPMediaFactory.new()
factory.set_launch(
    f"( filesrc location={film} ! tsdemux name=film"
    " film. ! h264parse ! queue ! rtph264pay name=pay0 pt=96 config-interval=1"
    " film. ! aacparse ! queue ! rtpmp4gpay name=pay1 pt=97 )"
)
server.get_mount_points().add_factory("/live", factory)
server.connect("client-connected", lambda _, viewer: viewer.connect("closed", lambda _: loop.quit()))
server.attach(None)
print("ready", flush=True)
loop.run()
