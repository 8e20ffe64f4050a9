"""Frames: from video files and folders of images."""
