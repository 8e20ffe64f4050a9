"""The scene a video shows, and how it corrects what recognisers say."""
