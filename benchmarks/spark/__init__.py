"""What the suite of Spark runs: builds in a process whose session is open, and Spark SQL's own."""
