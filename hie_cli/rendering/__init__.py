"""Pictures of results: overlays, contact sheets, overlay videos."""
