"""The project's settings over the ``.env`` that benchmarks.import writes for its own database."""

import os
from pathlib import Path

from config import environment

environment.ENV_FILE = Path(os.environ["VESTNIK_BENCHMARK_ENV"])

from config.settings import *  # noqa: E402, F401, F403
