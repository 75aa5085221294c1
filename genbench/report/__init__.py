"""What results look like: leaderboards and pictures. Reads the store only, never torch."""
