"""The heavy part: the only folder with torch and its like at the top of a file."""
