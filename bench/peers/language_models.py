"""The LoRA step and the generation of bench/peers/language-models.ts in PyTorch, PEFT and transformers.

Arguments: model folder, prompts' token ids (JSON), threads, new tokens. Reads one word a line from stdin ("train", "generate",
"memory"), does that once, and prints its milliseconds (peak bytes for "memory").
"""

import json
import resource
import sys
import time

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

folder, prompts, threads, new = sys.argv[1:]
torch.set_num_threads(int(threads))
torch.manual_seed(1)
base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
generator = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
model = get_peft_model(base, LoraConfig(r=8, lora_alpha=16, target_modules=["q_proj", "v_proj"]))
optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4, weight_decay=0)
tokens = torch.randint(4000, (8, 128))
ids = torch.tensor(json.load(open(prompts)))


def train():
    optimizer.zero_grad()
    model(input_ids=tokens, labels=tokens).loss.backward()
    optimizer.step()


@torch.inference_mode()
def generate():
    count = int(new)
    generator.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=count,
        min_new_tokens=count,
        do_sample=False,
        pad_token_id=0,
    )


for line in sys.stdin:
    word = line.strip()
    if word == "memory":
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, flush=True)
        continue
    began = time.perf_counter()
    {"train": train, "generate": generate}[word]()
    print(1000 * (time.perf_counter() - began), flush=True)
