"""Findings of the labs on digits, film reviews and newswires, as a run over the given seeds gives them."""

from __future__ import annotations

from helpers.hand_parts import (
    LISTINGS,
    NEWSWIRE,
    REVIEW,
    TOPIC_COUNTS,
    TOPIC_TEST_COUNTS,
    TOPICS,
    card,
    dense_model,
    digit_image,
    examples,
    falling,
    measures,
    score,
    shifted,
    text,
    training,
    valley,
    waver,
)
from labreport.experiments.result import Findings, Measure, Predictions, Series


def curves(
    seed: int, epochs: int, loss: tuple[float, float], valid: tuple[float, float, int]
) -> dict[str, tuple[float, ...]]:
    """Return a history that overfits; `valid` is the first and lowest validation loss, and the epoch of the lowest."""
    rise = (valid[0] - valid[1]) / (1.3 * epochs)
    return {
        "loss": falling(loss[0], loss[1], epochs, 3.2 / epochs),
        "accuracy": falling(0.78, 0.995, epochs, 4.0 / epochs),
        "val_loss": shifted(valley(valid[0], valid[1], valid[2], epochs, rise), seed, 0.02),
        "val_accuracy": shifted(falling(0.82, 0.885, epochs, 9.0 / epochs), seed, 0.008),
    }


def mnist(seeds: tuple[int, ...]) -> Findings:
    """Return what the chapter on digits finds."""
    names = tuple(str(digit) for digit in range(10))
    counts = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)
    tests = (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009)
    network = dense_model("selection", 784, (512, 10), "softmax", "categorical_crossentropy", "accuracy")
    trainings, scores, baselines = [], [], []
    for seed in seeds:
        history = {
            "loss": falling(0.29, 0.028, 5, 0.75),
            "accuracy": falling(0.914, 0.993, 5, 0.8),
            "val_loss": shifted((0.152, 0.108, 0.091, 0.082, 0.085), seed, 0.006),
            "val_accuracy": shifted((0.955, 0.969, 0.973, 0.977, 0.978), seed, 0.001),
        }
        final = {key: values for key, values in history.items() if not key.startswith("val")}
        linear = {"loss": falling(0.6, 0.27, 5, 0.8), "accuracy": falling(0.85, 0.925, 5, 0.8)}
        trainings += [
            training("selection", seed, history, (50000, 10000), 128),
            training("final", seed, final, (60000, 0), 128),
            training("linear", seed, linear, (60000, 0), 128),
        ]
        scores += [
            score("test_accuracy", "final", 0.98 + 0.001 * waver(seed, 1), seed),
            score("test_loss", "final", 0.068 + 0.002 * waver(seed, 2), seed),
            score("train_accuracy", "final", 0.9929, seed),
        ]
        baselines.append(score("linear_accuracy", "linear", 0.923 + 0.001 * waver(seed, 3), seed))
    baselines.append(score("majority_accuracy", "majority", 0.1135))
    confusion = tuple(
        tuple(tests[i] - 20 if i == j else (3, 0, 2, 4, 1, 3, 2, 1, 3, 1)[(i + j) % 10] for j in range(10))
        for i in range(10)
    )
    pairs = ((4, 9), (7, 2), (5, 3), (9, 4), (2, 7), (6, 0), (8, 3), (3, 5), (0, 6), (1, 7), (5, 6), (8, 2))
    mistakes = tuple(
        digit_image(true, 100 + 37 * i, "test", predicted=said, probability=0.999 - 0.004 * i, label_probability=0.0005)
        for i, (true, said) in enumerate(pairs)
    )
    return Findings(
        data=card(
            "mnist",
            (60000, 10000),
            sample_shape=(28, 28),
            class_names=names,
            train_class_counts=counts,
            test_class_counts=tests,
        ),
        trainings=tuple(trainings),
        scores=tuple(scores),
        baselines=tuple(baselines),
        models=(network,),
        predictions=(Predictions(model="final", seed=seeds[0], confusion=confusion, images=mistakes),),
        images=tuple(digit_image(digit, 10 * copy + digit, "train") for digit in range(10) for copy in range(2)),
        examples=examples(("preprocess", "print(images.shape)", "(60000, 784)"), ("softmax", "print(p.sum())", "1.0")),
        listings=LISTINGS,
        measures=measures(softmax_largest_sum_deviation=2.4e-7, mistakes=200, least_pixel=0, greatest_pixel=255),
        engine=("loop:wide",),
    )


def imdb(seeds: tuple[int, ...]) -> Findings:
    """Return what the chapter on film reviews finds; validation loss is lowest at epoch 4."""
    trainings, scores, baselines = [], [], []
    chosen: list[Measure] = []
    for seed in seeds:
        history = curves(seed, 20, (0.51, 0.01), (0.384, 0.279, 4))
        long = {key: history[key] for key in ("loss", "accuracy")}
        trainings += [
            training("selection", seed, history, (15000, 10000), 512),
            training("final", seed, {key: values[:4] for key, values in long.items()}, (25000, 0), 512),
            training("overtrained", seed, long, (25000, 0), 512),
            training("linear", seed, {key: values[:4] for key, values in long.items()}, (25000, 0), 512),
        ]
        scores += [
            score("test_accuracy", "final", 0.881 + 0.004 * waver(seed, 1), seed),
            score("test_loss", "final", 0.294 + 0.006 * waver(seed, 2), seed),
            score("test_accuracy_overtrained", "overtrained", 0.851 + 0.003 * waver(seed, 3), seed),
            score("test_loss_overtrained", "overtrained", 0.78 + 0.02 * waver(seed, 4), seed),
            score("train_accuracy", "final", 0.936, seed),
        ]
        baselines.append(score("linear_accuracy", "linear", 0.876 + 0.001 * waver(seed, 5), seed))
        chosen += measures(seed, chosen_epochs=4)
    histogram = (
        5210,
        1480,
        960,
        740,
        610,
        540,
        480,
        450,
        430,
        420,
        425,
        440,
        460,
        500,
        560,
        680,
        900,
        1300,
        2315,
        6100,
    )
    texts = (
        text("confident_right", 12, REVIEW, 1, 1, 0.9987),
        text("confident_right", 40, "a waste of time the plot is dull | and the acting * worse", 0, 0, 0.0021),
        text("confident_wrong", 93, "not since plan 9 have i laughed so much <b> & cried", 1, 0, 0.0112),
        text("confident_wrong", 205, REVIEW[60:], 0, 1, 0.9871),
        text("unsure", 310, "it has its moments but they are few [and] far between", 1, 0, 0.4987),
        text("unsure", 777, "some liked it others did not i am still not sure", 0, 1, 0.5012),
    )
    return Findings(
        data=card(
            "imdb",
            (25000, 25000),
            class_names=("negative", "positive"),
            train_class_counts=(12500, 12500),
            test_class_counts=(12500, 12500),
        ),
        trainings=tuple(trainings),
        scores=tuple(scores),
        baselines=(*baselines, score("majority_accuracy", "majority", 0.5)),
        models=(dense_model("selection", 10000, (16, 16, 1), "sigmoid", "binary_crossentropy", "accuracy"),),
        predictions=(
            Predictions(
                model="final",
                seed=seeds[0],
                histogram=histogram,
                histogram_edges=tuple(i / 20 for i in range(21)),
                texts=texts,
            ),
        ),
        texts=(text("example", 0, REVIEW, 1, None, None), text("example", 1, REVIEW[40:], 0, None, None)),
        examples=examples(
            ("decode", "print(decode(review))", "? this film"),
            ("multi_hot", "print(multi_hot([[3, 5]], 8))", "[[0 0 0 1 0 1 0 0]]"),
            ("padding", "print(padded.shape)", "(2, 4)"),
        ),
        listings=LISTINGS,
        measures=(
            *chosen,
            *measures(largest_index=9999, multi_hot_bytes_uint8=250_000_000, multi_hot_bytes_float64=2_000_000_000),
            *measures(shortest_review=10, median_review=177, longest_review=2493),
        ),
        series=(Series(name="multi_hot_example", values=(0, 0, 0, 1, 0, 1, 0, 0)),),
        engine=("loop:wide",),
    )


def reuters(seeds: tuple[int, ...]) -> Findings:
    """Return what the chapter on newswires finds; validation loss is lowest at epoch 9."""
    trainings, scores, baselines = [], [], []
    chosen: list[Measure] = []
    for seed in seeds:
        history = curves(seed, 20, (2.65, 0.09), (1.72, 0.87, 9))
        narrow = {**history, "val_accuracy": shifted(falling(0.52, 0.705, 20, 0.35), seed, 0.01)}
        long = {key: history[key] for key in ("loss", "accuracy")}
        short = {key: tuple(value + 1e-7 for value in values[:5]) for key, values in history.items()}
        trainings += [
            training("selection", seed, history, (7982, 1000), 512),
            training("final", seed, {key: values[:9] for key, values in long.items()}, (8982, 0), 512),
            training("overtrained", seed, long, (8982, 0), 512),
            training("sparse", seed, short, (7982, 1000), 512),
            training("bottleneck", seed, narrow, (7982, 1000), 512),
            training("linear", seed, {key: values[:9] for key, values in long.items()}, (8982, 0), 512),
        ]
        scores += [
            score("test_accuracy", "final", 0.794 + 0.004 * waver(seed, 1), seed),
            score("test_loss", "final", 0.95 + 0.01 * waver(seed, 2), seed),
            score("test_accuracy_overtrained", "overtrained", 0.784 + 0.004 * waver(seed, 3), seed),
            score("test_loss_overtrained", "overtrained", 1.21 + 0.02 * waver(seed, 4), seed),
            score("train_accuracy", "final", 0.951, seed),
            score("validation_accuracy_selection", "selection", 0.812 + 0.003 * waver(seed, 6), seed),
            score("validation_accuracy_bottleneck", "bottleneck", 0.701 + 0.01 * waver(seed, 7), seed),
        ]
        baselines.append(score("linear_accuracy", "linear", 0.786 + 0.002 * waver(seed, 5), seed))
        chosen += measures(seed, chosen_epochs=9)
    confusion = []
    for i, samples in enumerate(TOPIC_TEST_COUNTS):
        row = [0] * 46
        wrong = min(samples - 1, round(samples * (0.05 if samples > 400 else 0.25)))
        for target, share in ((3 if i == 4 else 4, 0.5), (19 if i != 19 else 20, 0.3), ((i + 7) % 46, 0.2)):
            row[target] += round(wrong * share) if target != i else 0
        row[i] += samples - sum(row)
        confusion.append(tuple(row))
    network = dense_model("selection", 10000, (64, 64, 46), "softmax", "categorical_crossentropy", "accuracy")
    return Findings(
        data=card(
            "reuters",
            (8982, 2246),
            class_names=tuple(TOPICS),
            train_class_counts=TOPIC_COUNTS,
            test_class_counts=TOPIC_TEST_COUNTS,
        ),
        trainings=tuple(trainings),
        scores=tuple(scores),
        baselines=(
            *baselines,
            score("majority_accuracy", "majority", 0.362),
            score("random_accuracy", "random", 0.188),
        ),
        models=(
            network,
            dense_model("bottleneck", 10000, (64, 4, 46), "softmax", "categorical_crossentropy", "accuracy"),
        ),
        predictions=(
            Predictions(
                model="final",
                seed=seeds[0],
                confusion=tuple(confusion),
                texts=(
                    text("confident_wrong", 5, NEWSWIRE, 4, 3, 0.9934),
                    text("confident_wrong", 81, NEWSWIRE[30:], 19, 20, 0.981),
                ),
            ),
        ),
        texts=(text("example", 0, NEWSWIRE, 3, None, None), text("example", 10, NEWSWIRE[20:], 4, None, None)),
        examples=examples(
            ("decode", "print(decode(newswire))", "? ? ? said"), ("labels", "print(one_hot(3).shape)", "(46,)")
        ),
        listings=LISTINGS,
        measures=(
            *chosen,
            *measures(encodings_largest_difference=1e-7),
            *measures(shortest_newswire=13, median_newswire=95, longest_newswire=2376),
        ),
        series=(Series(name="multi_hot_example", values=(0, 0, 0, 1, 0, 1, 0, 0)),),
        engine=("loop:wide",),
    )
