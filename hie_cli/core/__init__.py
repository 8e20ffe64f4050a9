"""The vocabulary that everything shares: no torch, no OpenCV, no files but settings."""
