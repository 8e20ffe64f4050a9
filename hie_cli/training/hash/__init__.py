"""Training of hash heads: features of images or clips to binary codes."""
