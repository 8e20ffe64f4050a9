"""hie: detect, pose, track and recognise people in crowded video."""

__version__ = "0.1.0"
