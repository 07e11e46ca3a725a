"""Predict: answers to messages by the active model, a chosen version, the rules, or both."""

from hone.stages.predict.file import predict_file
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
    "PredictOptions",
    "PredictReport",
    "Predicted",
    "predict_file",
    "predict_message",
    "predict_messages",
    "predict_options",
    "sample_inputs",
]
