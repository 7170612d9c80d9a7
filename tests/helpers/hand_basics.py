"""Findings of the labs on tensors, the workflow and house prices, as a run over the given seeds gives them."""

from __future__ import annotations

from helpers.hand_parts import (
    BOSTON_RANGES,
    LISTINGS,
    card,
    dense_model,
    digit_image,
    examples,
    falling,
    listing,
    measures,
    score,
    training,
    valley,
    waver,
)
from labreport.experiments.result import Findings, Fold, Layer, Measure, Model, PerSample, Predictions, Series


def tensors(seeds: tuple[int, ...]) -> Findings:
    """Return what the chapter on tensors finds; stochastic gradient descent towards w = 3."""
    inputs = (0.5, 1.0, 1.5, 2.0)
    positions = [0.0]
    for step in range(20):
        x = inputs[(3 * step) % 4]
        positions.append(positions[-1] - 0.1 * 2 * (positions[-1] - 3.0) * x * x)
    losses = tuple(sum(x * x for x in inputs) / 4 * (position - 3.0) ** 2 for position in positions)
    pairs = {
        "scalar": ("x = np.array(12)\nprint(x, x.ndim)", "12 0"),
        "vector": ("x = np.array([12, 3, 6, 14, 7])\nprint(x.ndim, x.shape)", "1 (5,)"),
        "matrix": ("x = np.zeros((3, 5))\nprint(x.ndim, x.shape, x.dtype)", "2 (3, 5) float64"),
        "tensor": ("x = np.zeros((3, 3, 5))\nprint(x.ndim)", "3"),
        "five_dimensions": ("print(np.zeros(5).ndim, np.zeros((1, 1, 1, 1, 1)).ndim)", "1 5"),
        "digit": ("print(digit.shape, digit.dtype)", "(28, 28) uint8"),
        "vector_data": ("print(np.zeros((100, 3)).shape)", "(100, 3)"),
        "time_series": ("print(np.zeros((250, 390, 3)).shape)", "(250, 390, 3)"),
        "images": ("print(np.zeros((128, 64, 64, 3)).shape)", "(128, 64, 64, 3)"),
        "channels": ("print(keras.config.image_data_format())", "channels_last"),
        "video": ("print(4 * 240 * 144 * 256 * 3)", "106168320"),
        "broadcasting": ("print(np.array([[2, 2], [1, 1]]) + np.array([3, 3]))", "[[5 5]\n [4 4]]"),
        "products": ("print(np.dot([1, 2], [[5], [6]]))", "[17]"),
        "reshape_transpose": ("x = np.array([[0, 1], [2, 3], [4, 5]])\nprint(x.reshape(2, 3))", "[[0 1 2]\n [3 4 5]]"),
        "descent": ("print(w)", "3.0000"),
    }
    return Findings(
        data=card("mnist", (60000, 10000), sample_shape=(28, 28)),
        images=(digit_image(5, 0, "train"),),
        examples=examples(*((name, *pair) for name, pair in pairs.items())),
        listings=(listing("descent", "for step in range(settings.descent_steps):\n    w = w - rate * slope(w)\n"),),
        measures=measures(
            video_frames=240,
            video_values=106168320,
            video_bytes_uint8=106168320,
            video_bytes_float32=424673280,
            broadcast_as_expected=True,
            dot_product=17,
            elements_before_reshape=6,
            elements_after_reshape=6,
            reshape_equals_transpose=False,
            descent_minimum=3.0,
            descent_end=positions[-1],
            descent_first_loss=losses[0],
            descent_last_loss=losses[-1],
            digit_label=5,
        ),
        series=(Series(name="descent_position", values=tuple(positions)), Series(name="descent_loss", values=losses)),
    )


def workflow(seeds: tuple[int, ...]) -> Findings:
    """Return what the chapter on the workflow finds: the same network twice, and one with two outputs."""
    sequential = dense_model("sequential", 784, (32, 10), "softmax", "categorical_crossentropy", "accuracy")
    start = Layer(name="input_layer", kind="InputLayer", output_shape=(None, 784), parameters=0)
    functional = Model(
        role="functional",
        input_shape=(None, 784),
        layers=(start, *sequential.layers),
        parameters=sequential.parameters,
        optimizer="rmsprop",
        learning_rate=0.001,
        loss="categorical_crossentropy",
        metrics=("accuracy",),
    )
    two_outputs = Model(
        role="two_outputs",
        input_shape=(None, 8),
        layers=(
            Layer(name="features", kind="InputLayer", output_shape=(None, 8), parameters=0),
            Layer(name="shared", kind="Dense", output_shape=(None, 32), parameters=288, activation="relu"),
            Layer(name="price", kind="Dense", output_shape=(None, 1), parameters=33),
            Layer(name="sold", kind="Dense", output_shape=(None, 1), parameters=33, activation="sigmoid"),
        ),
        parameters=354,
        optimizer="rmsprop",
        learning_rate=0.001,
        loss="price: mse, sold: binary_crossentropy",
        metrics=(),
    )
    names = ["layers_for_data", "compatibility", "losses", "four_steps", "sequential", "functional", "agreement"]
    return Findings(
        models=(sequential, functional, two_outputs),
        examples=examples(*((name, f"print('{name}')", name) for name in names)),
        listings=LISTINGS,
        measures=measures(
            sequential_parameters=sequential.parameters,
            functional_parameters=sequential.parameters,
            largest_output_difference=0.0,
            loss_total=2.7183,
            loss_first=2.3456,
            loss_second=0.7454,
            loss_average=1.5455,
            largest_sum_deviation=1.2e-7,
            mismatch_raised=True,
            dense_output_units=32,
        ),
        engine=("fit:callbacks",),
    )


def boston(seeds: tuple[int, ...]) -> Findings:
    """Return what the chapter on house prices finds; smoothed validation error is lowest near epoch 80."""
    trainings, scores, baselines = [], [], []
    chosen: list[Measure] = []
    for seed in seeds:
        for fold in range(1, 5):
            base = valley(4.4, 1.95 + 0.18 * fold, 75, 500, 0.0007)
            rough = tuple(round(v + 0.22 * waver(1000 * seed + fold, i), 6) for i, v in enumerate(base))
            error = tuple(round(14 * 0.6**i + v, 6) if i < 30 else v for i, v in enumerate(rough))
            loss = falling(180.0, 2.5, 500, 0.06)
            history = {"loss": loss, "mae": falling(10.2, 1.1, 500, 0.05), "val_mae": error}
            history["val_loss"] = tuple(round(value**2 * 1.9, 6) for value in error)
            trainings.append(training("fold", seed, history, (303, 101), 1, fold))
            scores.append(score("fold_mae", "fold", error[-1], seed, fold))
        final = {"loss": falling(400.0, 6.5, 80, 0.08), "mae": falling(17.5, 1.75, 80, 0.08)}
        trainings.append(training("final", seed, final, (404, 0), 16))
        scores += [
            score("test_mae", "final", 2.75 + 0.13 * waver(seed, 1), seed),
            score("test_mse", "final", 17.2 + 1.1 * waver(seed, 2), seed),
            score("train_mae", "final", 1.75, seed),
        ]
        chosen += measures(seed, chosen_epochs=80)
    baselines = [score("mean_mae", "mean", 6.53), score("linear_mae", "linear", 3.46)]
    true = tuple(round(22.5 + 9.5 * waver(7, i) + 9.0 * max(0.0, waver(8, i)) ** 4, 1) for i in range(102))
    predicted = tuple(round(value + 3.4 * waver(9, i) - 0.05 * (value - 22), 4) for i, value in enumerate(true))
    folds = tuple(
        Fold(number=k + 1, validation=(101 * k, 101 * (k + 1)), train_samples=303, validation_samples=101)
        for k in range(4)
    )
    return Findings(
        data=card(
            "boston_housing",
            (404, 102),
            sample_shape=(13,),
            feature_names=tuple(BOSTON_RANGES),
            feature_ranges=tuple(BOSTON_RANGES.values()),
        ),
        trainings=tuple(trainings),
        scores=tuple(scores),
        baselines=tuple(baselines),
        models=(dense_model("fold", 13, (64, 64, 1), None, "mse", "mae"),),
        per_sample=tuple(
            PerSample(model=one.model, seed=one.seed, samples=102, errors=_errors(one.value))
            for one in (*scores, *baselines)
            if one.name in ("test_mae", "mean_mae", "linear_mae")
        ),
        predictions=(Predictions(model="final", seed=seeds[0], true_values=true, predicted_values=predicted),),
        folds=folds,
        examples=examples(
            ("standardise", "print(standardised.mean())", "-0.0"), ("folds", "print([101, 202])", "[101, 202]")
        ),
        listings=(*LISTINGS, listing("fold_slices", "size = samples // folds\n")),
        measures=(
            *chosen,
            *measures(standardised_largest_mean=3.1e-15, standardised_largest_deviation=4.4e-16),
            *measures(test_standardised_largest_mean=0.21),
        ),
        series=(
            Series(name="published_train_samples", values=(0, 404, 404, 404)),
            Series(name="published_validation_samples", values=(404, 0, 0, 0)),
        ),
        engine=("stack-xla:folds=4", "loop:few-steps"),
    )


def _errors(mean: float) -> tuple[float, ...]:
    """Return the error of each test district, of this mean and from half to one and a half times as large."""
    return tuple(mean * (0.5 + place / 101) for place in range(102))
