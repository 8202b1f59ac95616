"""Texts: an encoder of captions and images, vectors of a pack's captions, and R-precision."""

from lab.text.bench import TextBench as TextBench
from lab.text.bench import text_bench as text_bench
