"""The chain of stages: settings, one video or document at a time, resuming."""
