"""What the assets of chips, series and points share."""
