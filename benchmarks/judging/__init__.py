"""What measures the judge: a client that takes the stream and posts flags as fast as it can."""
