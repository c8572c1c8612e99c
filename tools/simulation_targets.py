"""The targets on the synthetic world, each lever taken away on the same draws: `python -m tools.simulation_targets`.

One rule: it prints what came out, reached or not. The parameters of the world are proposals (dsa/insight/synthetic.py).
"""

import argparse
import sys
from pathlib import Path
from statistics import mean, stdev

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dsa.insight.targets_reached import Reached, reached

_T = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 8: 2.365, 10: 2.262}


def main() -> int:
    parser = argparse.ArgumentParser(description="Whether the synthetic process reaches its targets, lever by lever.")
    parser.add_argument("--agreements", type=int, default=4000)
    parser.add_argument("--runs", type=int, choices=sorted(_T), default=5)
    asked = parser.parse_args()
    runs = [reached(asked.agreements, chance=np.random.default_rng(seed)) for seed in range(1, asked.runs + 1)]
    names = [name for name, _ in Reached.GOALS]
    print(f"{'':38s}" + "".join(f"{name:>26s}" for name in names))
    for row in runs[0]:
        cells = []
        for name in names:
            values = [getattr(run[row], name) for run in runs]
            half = _T[asked.runs] * stdev(values) / len(values) ** 0.5
            cells.append(f"{mean(values):16.1f} ± {half:5.1f}  ")
        label = row if row in ("before", "all") else f"without: {row}"
        print(f"{label:38.38s}" + "".join(f"{cell:>26s}" for cell in cells))
    for name, goal in Reached.GOALS:
        value = mean(getattr(run["all"], name) for run in runs)
        print(f"{name}: {value:.1f}, goal {goal:g}: {'reached' if value <= goal else 'NOT reached'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
