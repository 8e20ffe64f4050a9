"""The kinematic recogniser: rules on posture, motion and neighbours; no training."""
