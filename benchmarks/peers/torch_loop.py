"""PyTorch: an LSTMCell, one optimizer step a sample, the state detached between samples."""

import torch
from peer import Work, answer, read_work, time_epochs


class Network(torch.nn.Module):
    """One LSTM unit and a linear output, with the initial weights of the first restart."""

    def __init__(self, work: Work) -> None:
        super().__init__()
        self.cell = torch.nn.LSTMCell(1, 1)
        self.output = torch.nn.Linear(1, 1)
        with torch.no_grad():
            self.cell.weight_ih.copy_(torch.tensor(work.kernel[0]).reshape(4, 1))
            self.cell.weight_hh.copy_(torch.tensor(work.recurrent[0]).reshape(4, 1))
            self.cell.bias_ih.copy_(torch.tensor(work.bias[0]))
            self.cell.bias_hh.zero_()
            self.output.weight.copy_(torch.tensor(work.dense_kernel[:1]).reshape(1, 1))
            self.output.bias.copy_(torch.tensor(work.dense_bias[:1]))
        # PyTorch adds two biases. Trained both, they would move twice as fast as one.
        self.cell.bias_hh.requires_grad_(False)

    def forward(
        self, x: torch.Tensor, state: tuple[torch.Tensor, torch.Tensor]
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        h, c = self.cell(x, state)
        return self.output(h), (h.detach(), c.detach())


def main() -> None:
    """Time the loop on the work on standard input."""
    torch.set_num_threads(1)  # nothing here is large enough to share
    work = read_work()
    network = Network(work)
    trained = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(trained, lr=1e-3, eps=1e-7, fused=True)
    x = torch.tensor(work.x).reshape(-1, 1, 1)
    y = torch.tensor(work.y).reshape(-1, 1, 1)

    def epoch() -> float:
        total = torch.zeros(())
        state = (torch.zeros(1, 1), torch.zeros(1, 1))
        for inputs, target in zip(x, y, strict=True):
            out, state = network(inputs, state)
            loss = torch.nn.functional.mse_loss(out, target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach()
        return float(total) / len(x)

    way = "PyTorch, `LSTMCell` and fused Adam"
    answer(f"PyTorch {torch.__version__}", [time_epochs(way, work, epoch)])


if __name__ == "__main__":
    main()
