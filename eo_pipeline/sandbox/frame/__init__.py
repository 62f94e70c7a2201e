"""What every service of the sandbox shares: time, faults, journal, limits, requests and answers as JSON."""
