"""What the benchmarks are made of; `run.py` beside this package puts it together."""
