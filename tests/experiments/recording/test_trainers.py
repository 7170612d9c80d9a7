"""Lightning's and Hugging Face's trainers: what they log is recorded, by epochs or by steps."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from labreport.experiments.recording import assembled
from labreport.experiments.recording.observed import observed
from labreport.experiments.recording.watching.events import EVENTS
from labreport.report.store.entries import load
from labreport.report.store.runs import Store

LIGHTNING = """
import torch, lightning.pytorch as lightning
from torch.utils.data import DataLoader, TensorDataset

class Net(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def _loss(self, batch, name):
        loss = ((self.layer(batch[0]) - batch[1]) ** 2).mean()
        self.log(name, loss, on_step=False, on_epoch=True)
        return loss

    def training_step(self, batch, index):
        return self._loss(batch, "train_loss")

    def validation_step(self, batch, index):
        self._loss(batch, "val_loss")

    def test_step(self, batch, index):
        self._loss(batch, "test_loss")

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)

lightning.seed_everything(1)
x = torch.rand(60, 4)
loader = DataLoader(TensorDataset(x, x.sum(1, keepdim=True)), batch_size=20)
trainer = lightning.Trainer(max_epochs=3, logger=False, enable_checkpointing=False, enable_progress_bar=False)
trainer.fit(Net(), loader, loader)
trainer.test(trainer.model, loader, verbose=False)
"""
HUGGING_FACE = """
import torch
from transformers import PretrainedConfig, PreTrainedModel, Trainer, TrainingArguments

class Config(PretrainedConfig):
    model_type = "tiny"

class Net(PreTrainedModel):
    config_class = Config

    def __init__(self, config):
        super().__init__(config)
        self.layer = torch.nn.Linear(4, 2)
        self.post_init()

    def forward(self, x=None, labels=None):
        scores = self.layer(x)
        return {"loss": torch.nn.functional.cross_entropy(scores, labels), "logits": scores}

data = [{"x": torch.rand(4), "labels": torch.tensor(place % 2)} for place in range(32)]
asked = TrainingArguments(
    "out", num_train_epochs=2, per_device_train_batch_size=16, eval_strategy="epoch", logging_strategy="epoch",
    save_strategy="no", report_to=[], use_cpu=True, disable_tqdm=True,
)
Trainer(Net(Config()), asked, train_dataset=data, eval_dataset=data).train()
"""


def recorded(place, text):
    """The result of a script that was watched."""
    (place / "train.py").write_text(text)
    command = [sys.executable, "-m", "labreport", "record", "train.py"]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    assert "watcher failed" not in done.stderr
    (run,) = Store(place / "runs").list().runs
    return load(run.path)


def test_lightning_is_recorded_by_epochs_with_its_test(tmp_path):
    pytest.importorskip("lightning", reason="Lightning is not installed; the events are tested below")
    findings = recorded(tmp_path, LIGHTNING).findings
    (one,) = findings.trainings
    assert one.epochs == one.course.planned == 3
    assert set(one.history) == {"train_loss", "val_loss"}
    assert one.seed == 1
    assert [(score.name, score.model, score.split) for score in findings.scores] == [("test_loss", "fit", "test")]


def test_hugging_face_is_recorded_by_epochs(tmp_path):
    pytest.importorskip("transformers", reason="Transformers is not installed; the events are tested below")
    (one,) = recorded(tmp_path, HUGGING_FACE).findings.trainings
    assert one.epochs == one.course.planned == 2
    assert len(one.history["loss"]) == len(one.history["eval_loss"]) == 2


def seen(place, *events):
    """What was observed of a process that wrote these events."""
    (place / EVENTS).write_text("\n".join(map(json.dumps, events)))
    return observed(place)


def fit(number):
    return {"kind": "fit", "fit": number, "model": number, "epochs": 3, "initial": 0, "data": [], "stopping": None}


def log(epoch, step, **logs):
    return {"kind": "log", "fit": 1, "epoch": epoch, "step": step, "logs": logs}


def test_a_trainer_that_logs_between_epochs_counts_steps(tmp_path):
    found = seen(
        tmp_path,
        fit(1),
        log(0.5, 4, loss=0.9),
        log(0.5, 4, eval_loss=0.95, eval_runtime=3.0),
        log(1.0, 8, loss=0.7),
        log(1.5, 12, loss=0.6),
        log(3.0, 24, train_runtime=9.0, train_loss=0.65),
        {"kind": "end", "fit": 1, "seconds": 9.0, "stopped": False},
    )
    ((one,), _, _) = assembled.trainings(found, seed=None, ended="failed")
    assert one.course.axis == "step"
    assert one.course.at == {"loss": (4, 8, 12), "eval_loss": (4,)}
    assert one.history == {"loss": (0.9, 0.7, 0.6), "eval_loss": (0.95,)}
    assert (one.epochs, one.course.planned) == (12, None)


def test_a_trainer_that_logs_whole_epochs_counts_epochs(tmp_path):
    found = seen(tmp_path, fit(1), log(1.0, 8, loss=0.7), log(1.0, 8, eval_loss=0.8), log(2.0, 16, loss=0.6))
    ((one,), _, _) = assembled.trainings(found, seed=None, ended="failed")
    assert one.course.axis == "epoch"
    assert one.history == {"loss": (0.7, 0.6), "eval_loss": (0.8,)}
    assert one.course.planned == 3


def test_what_a_trainer_tests_is_a_score_of_test_data(tmp_path):
    tested = {"kind": "evaluate", "model": 1, "data": [], "logs": {"test_acc": 0.9}, "split": "test"}
    found = seen(tmp_path, fit(1), {"kind": "epoch", "fit": 1, "epoch": 1, "logs": {"val_loss": 1.0}}, tested)
    _, _, matched = assembled.trainings(found, seed=7, ended="failed")
    ((score,), measures) = assembled.scores(found, matched)
    assert (score.name, score.metric, score.split, score.seed, measures) == ("test_acc", "acc", "test", 7, [])
