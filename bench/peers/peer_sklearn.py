"""scikit-learn from raw text: word counts and logistic regression, one thread."""
import time

from reviews import NUM_IDS, NUM_TRAIN, raw_reviews
from result import report
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline

texts, labels = raw_reviews()
texts = [text.decode(errors="replace").replace("<br />", " ") for text in texts]
model = make_pipeline(CountVectorizer(max_features=NUM_IDS, binary=True), LogisticRegression(C=0.05, solver="liblinear"))
begin = time.perf_counter()
model.fit(texts[:NUM_TRAIN], labels[:NUM_TRAIN])
seconds = time.perf_counter() - begin
report([seconds], 1, model.score(texts[NUM_TRAIN:], labels[NUM_TRAIN:]),
       log_loss(labels[NUM_TRAIN:], model.predict_proba(texts[NUM_TRAIN:])[:, 1]))
