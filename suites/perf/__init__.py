"""asv benchmarks. Lower is better for everything that is tracked; see docs/performance.md."""
