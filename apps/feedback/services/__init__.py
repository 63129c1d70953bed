"""What comes back, put into effect. Only these modules of feedback move a delivery."""
