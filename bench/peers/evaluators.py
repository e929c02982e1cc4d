"""RecBole's and RecTools' evaluators on the problems of bench/metrics/evaluation.ts, which starts this script.

Set up:  python3.11 -m venv peers && peers/bin/pip install torch==2.15.0 recbole==1.2.1 "numpy<2" rectools==0.19.0
Run:     npx tsx bench/metrics/evaluation.ts --python peers/bin/python

Reads commands from stdin, one a line: `TOOL FOLDER`; answers each with one line of JSON. What is timed is what each
tool does from finished scores to finished metrics: masking, top-k, and the six metrics at all cut-offs. Getting the
scores, and for RecTools the conversion of the truth to a data frame, is not timed.
"""

import json
import sys
import time
import types
from pathlib import Path

import numpy as np
import torch

# RecBole 1.2.1 uses names that NumPy dropped in 1.24.
for name, kind in {"float": float, "bool": bool, "int": int, "object": object}.items():
    if name not in np.__dict__:
        setattr(np, name, kind)
# RecBole's package imports its hyper-parameter tuner, which the evaluator does not need.
for missing in ("ray", "ray.tune"):
    sys.modules.setdefault(missing, types.ModuleType(missing))

torch.set_num_threads(2)
RECBOLE_METRICS = ["recall", "precision", "hit", "mrr", "map", "ndcg"]


class Clock:
    """Wall and processor seconds of the stretches between start and stop."""

    def __init__(self):
        self.wall = self.cpu = 0.0

    def __enter__(self):
        self.begun = time.perf_counter(), time.process_time()

    def __exit__(self, *_):
        self.wall += time.perf_counter() - self.begun[0]
        self.cpu += time.process_time() - self.begun[1]


class Problem:
    def __init__(self, folder):
        folder = Path(folder)
        meta = json.loads((folder / "meta.json").read_text())
        self.users, self.items, self.rows, self.ks, self.batch = (
            meta[key] for key in ("users", "items", "rows", "ks", "batch")
        )
        self.scores = np.fromfile(folder / "scores.f32", np.float32).reshape(self.rows, self.items)
        read = lambda name: np.fromfile(folder / name, np.int32)
        self.seen = (read("seen.offsets"), read("seen.items"))
        self.relevant = (read("relevant.offsets"), read("relevant.items"))

    def pairs(self, lists, first, last):
        """(row within the batch, item) of the lists of users first..last-1."""
        offsets, items = lists
        rows = np.repeat(np.arange(last - first), np.diff(offsets[first : last + 1]))
        return rows, items[offsets[first] : offsets[last]]

    def batch_scores(self, first, last):
        return self.scores[np.arange(first, last) % self.rows]


def recbole(problem):
    from recbole.evaluator import Collector, Evaluator

    config = {
        "metrics": RECBOLE_METRICS,
        "topk": problem.ks,
        "metric_decimal_place": 15,
        "eval_args": {"mode": "full"},
        "device": torch.device("cpu"),
    }
    collector, evaluator = Collector(config), Evaluator(config)
    clock = Clock()
    for first in range(0, problem.users, problem.batch):
        last = min(first + problem.batch, problem.users)
        # Item 0 is RecBole's padding, so every item moves up by one.
        scores = torch.zeros(last - first, problem.items + 1)
        scores[:, 1:] = torch.from_numpy(problem.batch_scores(first, last))
        seen = tuple(torch.from_numpy(part.astype(np.int64)) for part in problem.pairs(problem.seen, first, last))
        right = tuple(torch.from_numpy(part.astype(np.int64)) for part in problem.pairs(problem.relevant, first, last))
        history, positive_u, positive_i = (seen[0], seen[1] + 1), right[0], right[1] + 1
        with clock:
            scores[:, 0] = -np.inf
            scores[history] = -np.inf
            collector.eval_batch_collect(scores, None, positive_u, positive_i)
    with clock:
        metrics = evaluator.evaluate(collector.get_data_struct())
    return clock, {name: float(value) for name, value in metrics.items()}


def rectools(problem):
    import pandas as pd
    from rectools import Columns
    from rectools.metrics import MAP, MRR, NDCG, HitRate, Precision, Recall, calc_metrics

    kinds = {
        "recall": Recall,
        "precision": Precision,
        "hit": HitRate,
        "mrr": MRR,
        "map": MAP,
        "ndcg": lambda k: NDCG(k, divide_by_achievable=True),
    }
    metrics = {f"{name}@{k}": kind(k) for name, kind in kinds.items() for k in problem.ks}
    users, items = problem.pairs(problem.relevant, 0, problem.users)
    truth = pd.DataFrame({Columns.User: users, Columns.Item: items})
    depth = max(problem.ks)
    clock, tops = Clock(), []
    for first in range(0, problem.users, problem.batch):
        last = min(first + problem.batch, problem.users)
        scores = torch.from_numpy(problem.batch_scores(first, last).copy())
        rows, seen = problem.pairs(problem.seen, first, last)
        history = (torch.from_numpy(rows), torch.from_numpy(seen.astype(np.int64)))
        # RecTools' metrics begin with a table of lists, made here by the fastest means at hand.
        with clock:
            scores[history] = -np.inf
            tops.append(torch.topk(scores, depth, dim=-1)[1].numpy())
    with clock:
        reco = pd.DataFrame(
            {
                Columns.User: np.repeat(np.arange(problem.users), depth),
                Columns.Item: np.concatenate(tops).ravel(),
                Columns.Rank: np.tile(np.arange(1, depth + 1), problem.users),
            }
        )
        values = calc_metrics(metrics, reco, truth)
    return clock, {name: float(value) for name, value in values.items()}


TOOLS = {"recbole": recbole, "rectools": rectools}
problems = {}
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    tool, folder = line.split()
    problem = problems.setdefault(folder, Problem(folder))
    clock, metrics = TOOLS[tool](problem)
    print(json.dumps({"seconds": clock.wall, "cpuSeconds": clock.cpu, "metrics": metrics}), flush=True)
