"""Trained text classifiers of Bernoulli, without PyTorch.

    from bernoulli import Classifier

    with Classifier("model.pt") as model:
        print(model.labels, model.probabilities(["A warm, funny and moving film."]))
"""
from ._classifier import Classifier, Explanation
from ._library import VERSION as __version__
from ._library import DataError, Error, InternalError, ModelError, OutOfMemory, ReadError, UsageError

__all__ = ["Classifier", "DataError", "Error", "Explanation", "InternalError", "ModelError", "OutOfMemory", "ReadError", "UsageError",
           "__version__"]
