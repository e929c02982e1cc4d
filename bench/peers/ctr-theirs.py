"""One of RecBole's models on the files that ctr.ts has written: python ctr-theirs.py FOLDER USER_FIELDS ITEM_FIELDS OPTIONS SEED

Prints {"auc", "logLoss" (test), "epochs", "epochSeconds" (median)}. Threads: two.
"""

import json
import logging
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "2"

import numpy as np
import torch

# Names that RecBole 1.2.1 expects of older libraries.
for name, kind in (("bool", bool), ("float", float), ("int", int), ("object", object), ("float_", np.float64), ("complex_", np.complex128), ("unicode_", np.str_)):
    if name not in np.__dict__:
        setattr(np, name, kind)
load = torch.load
torch.load = lambda *given, **named: load(*given, **{**named, "weights_only": False})

from recbole.config import Config
from recbole.data import create_dataset, data_preparation
from recbole.trainer import Trainer
from recbole.utils import get_model, init_seed

torch.set_num_threads(2)
folder, user_fields, item_fields, options, seed = sys.argv[1:]
user_fields, item_fields, options, seed = user_fields.split(","), item_fields.split(","), json.loads(options), int(seed)
sys.argv = sys.argv[:1]
config = Config(
    model=options["model"],
    dataset="ours",
    config_dict={
        "data_path": folder,
        "benchmark_filename": ["train", "valid", "test"],
        "load_col": {
            "inter": ["user_id", "item_id", "label"],
            "user": ["user_id", *user_fields],
            "item": ["item_id", *item_fields],
        },
        "LABEL_FIELD": "label",
        "eval_args": {"order": "RO", "group_by": None, "mode": "labeled", "split": {"RS": [0.8, 0.1, 0.1]}},
        "metrics": ["AUC", "LogLoss"],
        "valid_metric": "AUC",
        **({"embedding_size": options["embedding"]} if "embedding" in options else {}),
        **({"mlp_hidden_size": options["hidden"], "dropout_prob": options["dropout"]} if "hidden" in options else {}),
        **options["theirs"],
        "learning_rate": options["learningRate"],
        "train_batch_size": options["batchSize"],
        "eval_batch_size": 4096,
        "epochs": options["epochs"],
        "stopping_step": options["patience"] - 1,
        "train_neg_sample_args": None,
        "weight_decay": 0.0,
        "seed": seed,
        "reproducibility": True,
        "use_gpu": False,
        "show_progress": False,
        "checkpoint_dir": folder + "/saved",
        "state": "ERROR",
    },
)
init_seed(seed, True)
logging.disable(logging.WARNING)
dataset = create_dataset(config)
train, valid, test = data_preparation(config, dataset)
init_seed(seed, True)
model = get_model(options["model"])(config, train.dataset)
trainer = Trainer(config, model)
seconds = []
epoch = trainer._train_epoch


def timed(*given, **named):
    begun = time.perf_counter()
    result = epoch(*given, **named)
    seconds.append(time.perf_counter() - begun)
    return result


trainer._train_epoch = timed
trainer.fit(train, valid, saved=True, show_progress=False)
result = trainer.evaluate(test, load_best_model=True, show_progress=False)
print(
    json.dumps(
        {
            "auc": float(result["auc"]),
            "logLoss": float(result["logloss"]),
            "epochs": len(seconds),
            "epochSeconds": float(np.median(seconds)),
            "fields": list(model.field_names if hasattr(model, "field_names") else []),
        }
    )
)
