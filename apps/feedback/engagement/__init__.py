"""What readers do with messages: openings and clicks, who made them, and how they are counted."""
