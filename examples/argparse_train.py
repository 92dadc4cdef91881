"""A training script that knows nothing of hptui: flags in, lines out. It is tuned as it is, see argparse.toml.

python examples/argparse_train.py --lr 0.1 --hidden 32
"""

import argparse
import time

import numpy as np


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--hidden", type=int, default=16)
    parser.add_argument("--activation", choices=["tanh", "relu"], default="tanh")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    # A network of one hidden layer learns y = sin(3 x) from 256 points, by gradient descent.
    rng = np.random.default_rng(args.seed)
    x = rng.uniform(-1, 1, (256, 1))
    y = np.sin(3 * x)
    w1, b1 = rng.normal(0, 1, (1, args.hidden)), np.zeros(args.hidden)
    w2, b2 = rng.normal(0, args.hidden**-0.5, (args.hidden, 1)), np.zeros(1)

    for epoch in range(args.epochs):
        for _ in range(50):
            a = x @ w1 + b1
            h = np.tanh(a) if args.activation == "tanh" else np.maximum(a, 0)
            error = h @ w2 + b2 - y
            slope = 1 - h**2 if args.activation == "tanh" else (a > 0).astype(float)
            dh = error @ w2.T * slope
            w2 -= args.lr * 2 * h.T @ error / len(x)
            b2 -= args.lr * 2 * error.mean(0)
            w1 -= args.lr * 2 * x.T @ dh / len(x)
            b1 -= args.lr * 2 * dh.mean(0)
        print(f"epoch {epoch + 1}/{args.epochs} - loss: {np.mean(error**2):.6f}", flush=True)
        time.sleep(0.02)


if __name__ == "__main__":
    main()
