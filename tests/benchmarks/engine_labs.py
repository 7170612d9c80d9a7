"""The same four pieces of work as in `plain_labs`, done by labreport's engine."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import numpy as np
from plain_labs import Spent

from labreport.experiments import boston as boston_lab
from labreport.experiments import imdb as imdb_lab
from labreport.experiments import mnist as mnist_lab
from labreport.experiments import reuters as reuters_lab
from labreport.experiments.data import sets
from labreport.experiments.data.encoding import one_hot
from labreport.experiments.texts import encoded_samples
from labreport.experiments.training import (
    as_shares_of_255,
    evaluate,
    fit,
    fit_folds,
    in_memory,
    predict,
    seed_everything,
)


def mnist(folder: Path, seed: int = 0) -> Spent:
    """Train the first network on all images; return the time of the fit."""
    dataset = sets.load("mnist", source="full", data_dir=folder)
    seed_everything(seed)
    model = mnist_lab.build_model(mnist_lab.Settings())
    train = in_memory(
        dataset.train_array.reshape((-1, 784)), one_hot(dataset.train_targets, 10), prepare=as_shares_of_255
    )
    tests = in_memory(
        dataset.test_array.reshape((-1, 784)), one_hot(dataset.test_targets, 10), prepare=as_shares_of_255
    )
    begun = perf_counter()
    fit(model, train, epochs=5, batch_size=128, seed=seed)
    seconds = perf_counter() - begun
    evaluate(model, tests, batch_size=1024)
    return Spent(seconds)


def imdb(folder: Path, seed: int = 0) -> Spent:
    """Vectorise, train with validation, predict all test reviews; return the time of all three."""
    dataset = sets.load("imdb", source="full", data_dir=folder)
    seed_everything(seed)
    begun = perf_counter()
    settings = imdb_lab.Settings()
    samples = encoded_samples(dataset.train_texts, settings.words, dataset.train_targets)
    tests = encoded_samples(dataset.test_texts, settings.words, dataset.test_targets)
    model = imdb_lab.build_model(settings)
    fit(
        model,
        samples.after(10_000),
        validation=samples.first(10_000),
        epochs=20,
        batch_size=512,
        seed=seed,
    )
    predict(model, tests, batch_size=512)
    return Spent(perf_counter() - begun)


def reuters(folder: Path, seed: int = 0) -> Spent:
    """Vectorise and train with validation; return the time of both."""
    dataset = sets.load("reuters", source="full", data_dir=folder)
    seed_everything(seed)
    begun = perf_counter()
    settings = reuters_lab.Settings()
    samples = encoded_samples(dataset.train_texts, settings.words, one_hot(dataset.train_targets, 46))
    encoded_samples(dataset.test_texts, settings.words, one_hot(dataset.test_targets, 46))
    model = reuters_lab.build_model(settings)
    fit(model, samples.after(1000), validation=samples.first(1000), epochs=20, batch_size=512, seed=seed)
    return Spent(perf_counter() - begun)


def boston(folder: Path, seed: int = 0) -> Spent:
    """Cross-validate with batch 1; return the time of all folds and epochs."""
    dataset = sets.load("boston_housing", source="full", data_dir=folder)
    features, prices = dataset.train_array.astype(np.float64), dataset.train_targets.astype(np.float64)
    settings = boston_lab.Settings()
    seed_everything(seed)
    begun = perf_counter()
    models, trains, validations = [], [], []
    for held in boston_lab.fold_slices(len(features), settings.folds):
        rest = np.delete(np.arange(len(features)), held)
        train, validation = boston_lab.standardise(features[rest], features[held])
        models.append(boston_lab.build_model(settings, features.shape[1]))
        trains.append(in_memory(train, prices[rest]))
        validations.append(in_memory(validation, prices[held]))
    fit_folds(models, trains, validations, epochs=settings.epochs, batch_size=1, seed=seed)
    return Spent(perf_counter() - begun)


LABS = {"mnist": mnist, "imdb": imdb, "reuters": reuters, "boston": boston}
