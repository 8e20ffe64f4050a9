"""Two-stage detectors under torchvision's parameter names: Faster R-CNN and Keypoint R-CNN."""
