"""Stand-ins for the clouds that Hone rents from: development only, strict, faulty on demand."""
