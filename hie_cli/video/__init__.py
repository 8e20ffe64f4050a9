"""Frames: from video files and folders of images.

OpenCV reads these settings from the environment when it is first imported. A user's own win.
"""

import os

# OpenCV and FFmpeg would print many lines of their own on damaged input; ours is one line.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
os.environ.setdefault("OPENCV_LOG_LEVEL", "OFF")

MAX_PIXELS = 1 << 27  # 134 million: 400 MB as BGR
# Larger images are refused from their header, before memory is asked for.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(MAX_PIXELS))

# FFmpeg's readers of single files, by its names for them. What is not here is refused whatever the
# file's ending says: playlists and manifests (concat, hls, dash, imf, sdp) name other files and
# addresses, and scripts run code.
FORMATS = (
    "3gp,asf,av1,avi,dv,flv,gxf,h261,h263,h264,hevc,ivf,m4v,matroska,mjpeg,mov,mp4,mpeg,mpegts,"
    "mpegvideo,mpjpeg,mxf,nut,obu,ogg,rm,seq,swf,vc1,webm,wtv,yuv4mpegpipe"
)
os.environ.setdefault(
    "OPENCV_FFMPEG_CAPTURE_OPTIONS", f"protocol_whitelist;file|format_whitelist;{FORMATS}"
)
