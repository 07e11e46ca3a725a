"""Predict: answers to messages by the active model, a chosen version, the rules, or both."""

from hone.stages.predict.ahead import (
    ahead_task,
    collect_ahead,
    keep_ahead,
    predict_ahead,
)
from hone.stages.predict.file import predict_file
from hone.stages.predict.looking import LookedUp, Standing, look_ahead
from hone.stages.predict.message import predict_message, predict_messages, sample_inputs
from hone.stages.predict.options import (
    AnswerBy,
    Predicted,
    PredictOptions,
    PredictReport,
    predict_options,
)

__all__ = [
    "AnswerBy",
    "LookedUp",
    "PredictOptions",
    "PredictReport",
    "Predicted",
    "Standing",
    "ahead_task",
    "collect_ahead",
    "keep_ahead",
    "look_ahead",
    "predict_ahead",
    "predict_file",
    "predict_message",
    "predict_messages",
    "predict_options",
    "sample_inputs",
]
