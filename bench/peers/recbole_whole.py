"""RecBole 1.2.1 as its users run it: its data set, split, loader, trainer and evaluation.

    python recbole_whole.py FOLDER MODEL OPTIONS

FOLDER holds ours/ours.inter (and .user, .item), whose tokens are our numbers; OPTIONS is JSON with RecBole's names. Then one JSON
command a line on stdin, one JSON answer a line on stdout:

    {"do": "split", "into": FOLDER}          writes train, valid and test as `user,item[,label]` in order of time
    {"do": "steps", "count": N}              trains N batches (0: an epoch): {"seconds", "cpu", "steps", "batches" of an epoch}
    {"do": "fit", "seed": S, "scores": FILE} trains a new model with early stopping: {"epochs", "best", "valid", "test"}, test scores [users, items]
    {"do": "memory"}                         {"peak"}: MiB of the process so far

Threads: two.
"""

import json
import logging
import os
import resource
import sys
import time
from itertools import islice

os.environ["OMP_NUM_THREADS"] = "2"
os.environ["OPENBLAS_NUM_THREADS"] = "2"
# Spinning threads would wait for each other on a busy machine.
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"

import numpy as np
import recbole_today  # noqa: F401
import torch
from recbole.config import Config
from recbole.data import create_dataset, data_preparation
from recbole.utils import get_model, get_trainer, init_seed

torch.set_num_threads(2)
folder, name, options = sys.argv[1:]
options = json.loads(options)
sys.argv = sys.argv[:1]
logging.disable(logging.WARNING)
SPLIT_SEED = 2020


def config_of(seed):
    return Config(
        model=name,
        dataset="ours",
        config_dict={
            "data_path": folder,
            "checkpoint_dir": os.path.join(folder, "saved"),
            "seed": seed,
            "use_gpu": False,
            "show_progress": False,
            "state": "ERROR",
            **options,
        },
    )


config = config_of(SPLIT_SEED)
init_seed(SPLIT_SEED, True)
dataset = create_dataset(config)
train, valid, test = data_preparation(config, dataset)
sequential = name in ("SASRec", "GRU4Rec", "Caser")
token_of = {field: dataset.field2id_token[field] for field in ("user_id", "item_id")}


def fresh(seed):
    config = config_of(seed)
    init_seed(seed, True)
    model = get_model(name)(config, train.dataset)
    return model, get_trainer(config["MODEL_TYPE"], name)(config, model)


def write_split(into):
    for part, loader in (("train", train), ("valid", valid), ("test", test)):
        rows = loader.dataset.inter_feat
        users, items = rows["user_id"].numpy(), rows["item_id"].numpy()
        columns = [token_of["user_id"][users], token_of["item_id"][items]]
        if sequential and part == "train":
            # A user's first item is no target: it is the whole list of the first example.
            first = rows["item_length"].numpy() == 1
            firsts = token_of["item_id"][rows["item_id_list"].numpy()[first, 0]]
            order = np.argsort(np.concatenate([np.arange(len(users)), np.flatnonzero(first) - 0.5]), kind="stable")
            both = [np.concatenate([columns[0], columns[0][first]]), np.concatenate([columns[1], firsts])]
            columns = [column[order] for column in both]
        if "label" in rows:
            columns.append(rows["label"].numpy().astype(int).astype(str))
        lines = [",".join(row) for row in zip(*columns)]
        with open(os.path.join(into, part + ".csv"), "w") as file:
            file.write("\n".join(lines) + "\n")
    return {}


class Some:
    """The first batches of an epoch."""

    def __init__(self, loader, count):
        self.loader, self.count = loader, count

    def __getattr__(self, key):
        return getattr(self.loader, key)

    def __iter__(self):
        return islice(iter(self.loader), self.count)


timed = None
epoch = 0


def steps(count):
    global timed, epoch
    timed = timed or fresh(SPLIT_SEED)[1]
    begun, cpu = time.perf_counter(), time.process_time()
    timed._train_epoch(Some(train, count) if count else train, epoch)
    epoch += 1
    return {
        "seconds": time.perf_counter() - begun,
        "cpu": time.process_time() - cpu,
        "steps": count or len(train),
        "batches": len(train),
    }


def fit(seed, scores):
    model, trainer = fresh(seed)
    epochs = []
    best, values = trainer.fit(
        train, valid, saved=True, verbose=False, show_progress=False, callback_fn=lambda n, value: epochs.append(value)
    )
    found = trainer.evaluate(test, load_best_model=True, show_progress=False)
    users, items = dataset.user_num - 1, dataset.item_num - 1
    out = np.full((users, items), np.nan, np.float32)
    model.eval()
    with torch.no_grad():
        if sequential:
            rows = test.dataset.inter_feat
            for part in range(0, len(rows), 256):
                some = rows[part : part + 256]
                of = token_of["user_id"][some["user_id"].numpy()].astype(int)
                put(out, of, model.full_sort_predict(some).numpy())
        else:
            everyone = torch.arange(1, users + 1)
            answers = model.full_sort_predict({"user_id": everyone}).numpy().reshape(users, items + 1)
            put(out, token_of["user_id"][everyone.numpy()].astype(int), answers)
    out.tofile(scores)
    return {
        "epochs": len(epochs),
        "best": int(np.argmax(epochs)) + 1,
        "valid": {key: float(value) for key, value in values.items()},
        "test": {key: float(value) for key, value in found.items()},
    }


def put(out, users, answers):
    items = token_of["item_id"][1:].astype(int)
    block = np.empty((len(users), len(items)), np.float32)
    block[:, items] = answers[:, 1:]
    out[users] = block


DO = {
    "split": lambda into: write_split(into),
    "steps": lambda count: steps(count),
    "fit": lambda seed, scores: fit(seed, scores),
    "memory": lambda: {"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024},
}
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    command = json.loads(line)
    print(json.dumps(DO[command.pop("do")](**command)), flush=True)
