"""How the camera moves, told by pixels or by people, and coordinates that stand still."""
