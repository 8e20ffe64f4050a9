"""Detection without networks: calibration, tiles, weighted fusion and the choice of scales."""
