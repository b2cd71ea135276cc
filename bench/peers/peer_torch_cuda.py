"""PyTorch on the tutorial model on a CUDA device. Argument: eager | graph (one step captured, replayed for every batch)."""
import sys
import time

import torch
from reviews import BATCH, EPOCHS, NUM_IDS, NUM_TRAIN, SEED, cached_ids
from result import report

KIND = sys.argv[1]
if not torch.cuda.is_available():
    sys.exit("this PyTorch finds no CUDA device")
torch.manual_seed(SEED)
x, y = (torch.from_numpy(a).cuda() for a in cached_ids())


class Tutorial(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(NUM_IDS, 16)
        self.drop, self.head = torch.nn.Dropout(0.2), torch.nn.Linear(16, 1)
        torch.nn.init.uniform_(self.embedding.weight, -0.05, 0.05)
        torch.nn.init.xavier_uniform_(self.head.weight)
        torch.nn.init.zeros_(self.head.bias)

    def forward(self, ids):
        return self.head(self.drop(self.drop(self.embedding(ids)).mean(1))).squeeze(1)


model = Tutorial().cuda()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, fused=KIND != "eager", capturable=KIND == "graph")
loss_of = torch.nn.BCEWithLogitsLoss()
batch = torch.zeros(BATCH, dtype=torch.long, device="cuda")


def step():
    optimizer.zero_grad()
    loss_of(model(x[batch]), y[batch]).backward()
    optimizer.step()


def captured():
    """The step as a graph. What the updates before it changed is put back."""
    before = [parameter.detach().clone() for parameter in model.parameters()]
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), before):
            parameter.copy_(value)
        for state in optimizer.state.values():
            for value in state.values():
                value.zero_()
    return graph


run_step = captured().replay if KIND == "graph" else step
steps = NUM_TRAIN // BATCH
epoch_seconds = []
for _ in range(EPOCHS):
    order = torch.randperm(NUM_TRAIN, device="cuda")
    torch.cuda.synchronize()
    begin = time.perf_counter()
    for number in range(steps):
        batch.copy_(order[number * BATCH : (number + 1) * BATCH])
        run_step()
    torch.cuda.synchronize()
    epoch_seconds.append(time.perf_counter() - begin)
model.eval()
with torch.no_grad():
    logits = model(x[NUM_TRAIN:])
    report(epoch_seconds, steps, ((logits > 0) == (y[NUM_TRAIN:] > 0)).float().mean().item(), loss_of(logits, y[NUM_TRAIN:]).item())
