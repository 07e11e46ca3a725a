"""Predict: answers to messages by the active model, a chosen version, the rules, or both."""

from hone.stages.predict.file import predict_file
from hone.stages.predict.message import predict_message
from hone.stages.predict.options import AnswerBy, Predicted, PredictOptions, PredictReport

__all__ = [
    "AnswerBy",
    "PredictOptions",
    "PredictReport",
    "Predicted",
    "predict_file",
    "predict_message",
]
