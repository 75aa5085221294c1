"""Diagnosis inside a training loop of one's own: no engine, no suite."""

from genbench.monitor.monitor import Monitor

__all__ = ["Monitor"]
