"""The classical network of the textbooks reads handwritten digits: sigmoids, squared error, plain gradient descent.

784-30-10 on MNIST as in Nielsen, Neural Networks and Deep Learning (2015), chapter 1: weights and biases from N(0, 1),
batches of 10, learning rate 3.0, 30 epochs over the first 50,000 images; his best epoch reads 95.42 % of the test
images rightly, 96.59 % with 100 hidden neurons. The folder of MNIST's files is the one that $LIMPID_DATA holds.

    python examples/textbook_digits.py          # 30 hidden neurons
    python examples/textbook_digits.py 100
"""

import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

import limpid

IMAGES = 50_000


def epochs(hidden: int, seed: int) -> Iterator[float]:
    """The share of the 10,000 test images that the network reads rightly after each epoch."""
    mnist = limpid.read("mnist")
    digits = replace(mnist.rows(np.arange(IMAGES)), test=mnist.test)
    learning = limpid.learn(
        digits,
        hidden=[hidden],
        activation="sigmoid",
        output="sigmoid",
        cost="squared_error",
        initial_weights="normal",
        optimizer="gradient_descent",
        learning_rate=3.0,
        batch_size=10,
        epochs=30,
        dropout=0,
        patience=0,  # all epochs, and no rows set aside to stop by
        seed=seed,
    )
    assert learning.test is not None
    for _ in learning:
        accuracy = limpid.evaluate(learning.model, learning.test).accuracy
        assert accuracy is not None
        yield accuracy


def main() -> None:
    hidden = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    best = 0.0
    for number, accuracy in enumerate(epochs(hidden, seed=0), start=1):
        best = max(best, accuracy)
        print(f"epoch {number}: {accuracy * 10_000:.0f} of 10,000 read rightly")
    print(f"\nThe best epoch reads {best:.2%} rightly.")


if __name__ == "__main__":
    main()
