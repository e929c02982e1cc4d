"""One peer's recommender on one split: python recommenders-theirs.py MODEL OPTIONS TRAIN_CSV USERS ITEMS SCORES_OUT

Prints {"fit": seconds, "score": seconds, "cpu": seconds of both on all threads} and writes the scores [users, items] as raw float32. Threads: two.
"""

import json
import os
import resource
import sys
import time
from types import SimpleNamespace

os.environ.setdefault("OPENBLAS_NUM_THREADS", "2")
os.environ["OMP_NUM_THREADS"] = "2"
# Spinning threads would wait for each other on a busy machine.
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"

import numpy as np
import scipy.sparse as sp

model, options, train_csv, users, items, out = sys.argv[1:]
options = json.loads(options)
users, items = int(users), int(items)
pairs = np.loadtxt(train_csv, delimiter=",", skiprows=1, dtype=np.int64)
matrix = sp.csr_matrix((np.ones(len(pairs), np.float32), (pairs[:, 0], pairs[:, 1])), shape=(users, items))


cpu = [0.0]


def begin_cpu():
    cpu[0] = time.process_time()


class Config(dict):
    device = "cpu"


def recbole(kind, **given):
    """RecBole's class on a stand-in for its data set: only the matrix is asked of it."""
    import torch
    from recbole.model.general_recommender import EASE, ItemKNN

    torch.set_num_threads(2)
    config = Config(USER_ID_FIELD="user_id", ITEM_ID_FIELD="item_id", NEG_PREFIX="neg_", device="cpu", **given)
    dataset = SimpleNamespace(
        num=lambda field: users if field == "user_id" else items, inter_matrix=lambda form: matrix.asformat(form)
    )
    everyone = {"user_id": torch.arange(users)}
    begin_cpu()
    begun = time.perf_counter()
    fitted = {"ease": EASE, "knn": ItemKNN}[kind](config, dataset)
    done = time.perf_counter()
    scores = fitted.full_sort_predict(everyone).numpy().reshape(users, items)
    return scores, done - begun, time.perf_counter() - done


def recbole_pairwise(kind, seed, epochs, learning_rate, batch_size, **given):
    """RecBole's class and loss with PyTorch's Adam. The loop is ours: RecBole's own also copies every batch as a data frame."""
    import torch
    from recbole.model.general_recommender import BPR, LightGCN, NGCF

    # RecBole 1.2.1 asks for a method that newer versions of SciPy renamed.
    if not hasattr(sp.dok_matrix, "_update"):
        sp.dok_matrix._update = lambda self, data: self._dict.update(data)
    torch.set_num_threads(2)
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    config = Config(
        USER_ID_FIELD="user_id", ITEM_ID_FIELD="item_id", NEG_PREFIX="neg_", NEG_ITEM_ID="neg_item_id", device="cpu", **given
    )
    dataset = SimpleNamespace(
        num=lambda field: users if field == "user_id" else items, inter_matrix=lambda form: matrix.asformat(form)
    )
    begin_cpu()
    begun = time.perf_counter()
    with_graph = {"bpr": BPR, "lightgcn": LightGCN, "ngcf": NGCF}[kind]
    fitted = with_graph(config, dataset)
    optimizer = torch.optim.Adam(fitted.parameters(), lr=learning_rate)
    trained = np.unique(pairs[:, 1])
    taken = np.sort(pairs[:, 0] * items + pairs[:, 1])
    for epoch in range(epochs):
        fitted.train()
        order = random.permutation(len(pairs))
        negative = random.choice(trained, len(pairs))
        while True:
            codes = pairs[:, 0] * items + negative
            wrong = np.flatnonzero(taken[np.minimum(np.searchsorted(taken, codes), len(taken) - 1)] == codes)
            if len(wrong) == 0:
                break
            negative[wrong] = random.choice(trained, len(wrong))
        for start in range(0, len(order), batch_size):
            part = order[start : start + batch_size]
            optimizer.zero_grad()
            loss = fitted.calculate_loss(
                {
                    "user_id": torch.from_numpy(pairs[part, 0]),
                    "item_id": torch.from_numpy(pairs[part, 1]),
                    "neg_item_id": torch.from_numpy(negative[part]),
                }
            )
            loss.backward()
            optimizer.step()
    done = time.perf_counter()
    fitted.eval()
    with torch.no_grad():
        scores = fitted.full_sort_predict({"user_id": torch.arange(users)}).numpy().reshape(users, items)
    return scores, done - begun, time.perf_counter() - done


def implicit_model(fitted, score):
    begin_cpu()
    begun = time.perf_counter()
    fitted.fit(matrix, show_progress=False)
    done = time.perf_counter()
    scores = score(fitted)
    return scores, done - begun, time.perf_counter() - done


if model == "recbole-item-knn":
    result = recbole("knn", k=options["k"], shrink=options["shrink"], knn_method="item")
elif model == "recbole-user-knn":
    result = recbole("knn", k=options["k"], shrink=options["shrink"], knn_method="user")
elif model == "recbole-ease":
    result = recbole("ease", reg_weight=options["lambda"])
elif model in ("recbole-bpr", "recbole-lightgcn", "recbole-ngcf"):
    shared = dict(
        seed=options["seed"],
        epochs=options["epochs"],
        learning_rate=options["learningRate"],
        batch_size=options["batchSize"],
        embedding_size=options["embeddingSize"],
    )
    if model == "recbole-lightgcn":
        shared.update(n_layers=options["layers"], reg_weight=options["regularization"], require_pow=True)
    if model == "recbole-ngcf":
        shared.update(
            hidden_size_list=[options["embeddingSize"]] * options["layers"],
            node_dropout=0.0,
            message_dropout=options["dropout"],
            reg_weight=0.0,
        )
    result = recbole_pairwise(model.split("-")[1], **shared)
elif model == "implicit-item-knn":
    from implicit.nearest_neighbours import CosineRecommender

    # Its K counts the item itself.
    fitted = CosineRecommender(K=options["k"] + 1, num_threads=2)
    result = implicit_model(fitted, lambda m: (matrix @ m.similarity).toarray())
elif model == "implicit-als":
    from implicit.cpu.als import AlternatingLeastSquares

    # Its alpha is the whole confidence of an observed entry, ours what it has above 1.
    fitted = AlternatingLeastSquares(
        factors=options["factors"],
        regularization=options["regularization"],
        alpha=1 + options["alpha"],
        iterations=options["iterations"],
        num_threads=2,
        random_state=options["seed"],
    )
    result = implicit_model(fitted, lambda m: m.user_factors @ m.item_factors.T)
else:
    raise SystemExit(f"unknown model {model}")

spent = time.process_time() - cpu[0]
scores, fit, score = result
np.asarray(scores, np.float32).tofile(out)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"fit": fit, "score": score, "cpu": spent, "peak": peak}))
