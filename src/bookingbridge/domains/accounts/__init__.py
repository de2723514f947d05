"""Who signs in, and to which business."""
