"""The parts of benchmarks/gpu. Each module has `cases(setting)`: names and what measures them."""
