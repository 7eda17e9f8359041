"""Benchmarks: each checks that the values are right, then times, and keeps every measurement."""
