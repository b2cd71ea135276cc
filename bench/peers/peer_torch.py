"""PyTorch on the tutorial model, one thread. Argument: eager | fused | bag (EmbeddingBag over the real tokens, fused Adam)."""
import sys
import time

import torch
from reviews import BATCH, EPOCHS, NUM_IDS, NUM_TRAIN, SEED, cached_ids
from result import report

KIND = sys.argv[1]
torch.set_num_threads(1)
torch.manual_seed(SEED)
x, y = (torch.from_numpy(a) for a in cached_ids())


class Tutorial(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.EmbeddingBag(NUM_IDS, 16, mode="mean") if KIND == "bag" else torch.nn.Embedding(NUM_IDS, 16)
        self.drop, self.head = torch.nn.Dropout(0.2), torch.nn.Linear(16, 1)
        torch.nn.init.uniform_(self.embedding.weight, -0.05, 0.05)
        torch.nn.init.xavier_uniform_(self.head.weight)
        torch.nn.init.zeros_(self.head.bias)

    def forward(self, ids):
        pooled = self.embedding(ids) if KIND == "bag" else self.drop(self.embedding(ids)).mean(1)
        return self.head(self.drop(pooled)).squeeze(1)


model = Tutorial()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, fused=KIND != "eager")
loss_of = torch.nn.BCEWithLogitsLoss()
steps = NUM_TRAIN // BATCH
epoch_seconds = []
for _ in range(EPOCHS):
    order = torch.randperm(NUM_TRAIN)
    begin = time.perf_counter()
    for step in range(steps):
        batch = order[step * BATCH : (step + 1) * BATCH]
        optimizer.zero_grad()
        loss_of(model(x[batch]), y[batch]).backward()
        optimizer.step()
    epoch_seconds.append(time.perf_counter() - begin)
model.eval()
with torch.no_grad():
    logits = model(x[NUM_TRAIN:])
    report(epoch_seconds, steps, ((logits > 0) == (y[NUM_TRAIN:] > 0)).float().mean().item(), loss_of(logits, y[NUM_TRAIN:]).item())
