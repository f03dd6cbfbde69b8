"""A digit network that errs, and who is to blame: sums, activations and blame of every neuron, number by number."""

import numpy as np

import limpid


def main() -> None:
    digits = limpid.read("digits")
    learning = limpid.learn(digits, hidden=[16], seed=1)
    for epoch in learning:
        print(f"epoch {epoch.number}: cost {epoch.cost:.3f}, {epoch.validation_score:.1%} of the watched rows right")
    model, test = learning.model, learning.test
    assert test is not None
    assert test.y is not None

    wrong = int(np.flatnonzero(model.predict(test.X) != test.y)[0])
    x, truth = test.X[wrong], test.y[wrong]
    answer = model.predict(x)[0]
    print(f"\nA {truth} was read as {answer}. The probabilities, digit by digit:")
    print(model.predict_proba(x)[0].round(3))

    trace, blame = model.trace(x), model.gradients(x, [truth])
    print("\nEach output neuron's blame is its probability less what was wanted (delta = a - y):")
    print(blame.deltas[-1][0].round(3))

    hidden, delta = trace.a[1][0], blame.deltas[0][0]
    most = int(np.abs(delta).argmax())
    weights, bias = model.parameters["W1"][:, most], model.parameters["b1"][most]
    print(f"\nOf the hidden neurons, number {most + 1} is blamed most: delta {delta[most]:+.3f}.")
    print(f"Its sum w x + b = {trace.a[0][0] @ weights:.3f} + {bias:.3f} = {trace.z[0][0, most]:.3f},")
    print(f"its activation max(0, {trace.z[0][0, most]:.3f}) = {hidden[most]:.3f}.")
    print(f"Its blame came back along its weights to the outputs: {model.parameters['W2'][most].round(2)}")

    step = 0.1 * blame.parameters["W1"][:, most]
    pixel = int(np.abs(step).argmax())
    print(f"\nA step of gradient descent at rate 0.1 would move its weight from pixel {pixel} by {-step[pixel]:+.4f}.")


if __name__ == "__main__":
    main()
