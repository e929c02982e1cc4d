"""Goldens of PPO's loss and gradients, made with TRL's own PPOTrainer (made with torch 2.15, trl 0.11.4, transformers 4.45, peft 0.13).

    venv/bin/pip install torch 'trl==0.11.4' 'transformers<4.46' 'peft<0.14' rich && venv/bin/python test/goldens/ppo.py

Writes ppo.json beside this file. The model, its adapter and the answers are those of lora.py; the value head's weights come by name, too.
The old policy and the old values are the present ones with some noise, so that some tokens are clipped.
"""

import json
from types import SimpleNamespace

import torch
from trl.core import entropy_from_logits, logprobs_from_logits
from trl.trainer.ppo_config import PPOConfig
from trl.trainer.ppo_trainer import PPOTrainer

from language_models import HERE, make_tokenizer, rounded, weights
from lora import PAIRS, TARGETS, build, short

SCORES = [1.0, -0.5, 0.25]
COEFFICIENT = 0.2


def golden(name: str) -> dict:
    tokenizer = make_tokenizer()
    rows = [(tokenizer.encode(p), tokenizer.encode(p + c)) for p, c in PAIRS]
    length = max(len(whole) for _, whole in rows)
    answer = max(len(whole) - len(prompt) for prompt, whole in rows)
    ids = torch.full((len(rows), length), 2)
    places = torch.zeros((len(rows), answer), dtype=torch.long)
    targets = torch.zeros((len(rows), answer), dtype=torch.long)
    mask = torch.zeros((len(rows), answer), dtype=torch.long)
    for i, (prompt, whole) in enumerate(rows):
        ids[i, : len(whole)] = torch.tensor(whole)
        n = len(whole) - len(prompt)
        places[i, :n] = torch.arange(len(prompt) - 1, len(whole) - 1)
        targets[i, :n] = torch.tensor(whole[len(prompt) :])
        mask[i, :n] = 1
    model = build(name)
    width = model.config.hidden_size
    head = torch.nn.Linear(width, 1)
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(weights("value.weight", (width, 1))).T)
        head.bias.copy_(torch.from_numpy(weights("value.bias", (1,))))

    def forward():
        out = model(ids, output_hidden_states=True)
        pick = lambda x: torch.gather(x, 1, places[:, :, None].expand(-1, -1, x.shape[-1]))
        logits = pick(out.logits)
        return logits, logprobs_from_logits(logits, targets), head(pick(out.hidden_states[-1])).squeeze(-1)

    logits, logprobs, values = forward()
    with torch.no_grad(), model.disable_adapter():
        _, base, _ = forward()
    noise = 0.3 * torch.sin(torch.arange(mask.numel(), dtype=torch.float32)).reshape(mask.shape)
    old, old_values = logprobs.detach() + noise, values.detach() - noise
    # TRL's methods need no more of their trainer than this.
    config = PPOConfig(batch_size=len(rows), mini_batch_size=len(rows))
    trainer = SimpleNamespace(config=config, kl_ctl=SimpleNamespace(value=COEFFICIENT))
    trainer._kl_penalty = lambda *xs: PPOTrainer._kl_penalty(trainer, *xs)
    rewards, _, _ = PPOTrainer.compute_rewards(trainer, torch.tensor(SCORES), old, base, mask)
    masked, advantages, returns = PPOTrainer.compute_advantages(trainer, old_values, rewards, mask)
    policy, value, stats = PPOTrainer.loss(trainer, old, masked, logits, values, logprobs, mask, advantages, returns)
    (policy + value).backward()
    trained = {short(n): p for n, p in model.named_parameters() if p.requires_grad}
    each = lambda x: [rounded(row[m.bool()].detach()) for row, m in zip(x, mask)]
    return {
        "logProbs": each(logprobs), "baseLogProbs": each(base), "values": each(values),
        "entropies": each(torch.stack([entropy_from_logits(row) for row in logits])),
        "oldLogProbs": each(old), "oldValues": each(old_values),
        "rewards": each(rewards), "advantages": each(advantages), "returns": each(returns),
        "loss": (policy + value).item(), "policyLoss": policy.item(), "valueLoss": stats["loss/value"].item(),
        "clipFraction": stats["policy/clipfrac"].item(), "valueClipFraction": stats["val/clipfrac"].item(),
        "drift": stats["policy/approxkl"].item(),
        "valueGradients": {"weight": rounded(head.weight.grad), "bias": rounded(head.bias.grad)},
        "gradients": {n: rounded(p.grad) for n, p in trained.items()},
    }


def main() -> None:
    out = {"scores": SCORES, "coefficient": COEFFICIENT, "models": {name: golden(name) for name in TARGETS if name != "qwen3-window"}}
    (HERE / "ppo.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
