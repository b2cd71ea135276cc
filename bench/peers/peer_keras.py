"""The Keras tutorial from raw text to a tested model, as its page has it: TextVectorization, fit, evaluate."""
import os
import re
import string
import time

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import tensorflow as tf
from reviews import BATCH, EPOCHS, LENGTH, NUM_IDS, NUM_TRAIN, SEED, raw_reviews
from result import report

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
keras.utils.set_random_seed(SEED)
texts, labels = raw_reviews()


def standardize(text):
    text = tf.strings.regex_replace(tf.strings.lower(text), "<br />", " ")
    return tf.strings.regex_replace(text, f"[{re.escape(string.punctuation)}]", "")


vectorize = keras.layers.TextVectorization(
    standardize=standardize, max_tokens=NUM_IDS, output_mode="int", output_sequence_length=LENGTH)
dataset = tf.data.Dataset.from_tensor_slices((texts, labels))
train = dataset.take(NUM_TRAIN).batch(BATCH)
vectorize.adapt(train.map(lambda text, _: text))
ids = lambda text, label: (vectorize(text), label)
train = train.map(ids).cache().prefetch(2)
validation = dataset.skip(NUM_TRAIN).batch(BATCH).map(ids).cache().prefetch(2)
model = keras.Sequential([keras.layers.Embedding(NUM_IDS, 16), keras.layers.Dropout(0.2), keras.layers.GlobalAveragePooling1D(),
                          keras.layers.Dropout(0.2), keras.layers.Dense(1)])
model.compile(optimizer="adam", loss=keras.losses.BinaryCrossentropy(from_logits=True),
              metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)])
epoch_seconds = []
for _ in range(EPOCHS):
    begin = time.perf_counter()
    model.fit(train, epochs=1, verbose=0)
    epoch_seconds.append(time.perf_counter() - begin)
loss, accuracy = model.evaluate(validation, verbose=0)
report(epoch_seconds, NUM_TRAIN // BATCH, accuracy, loss)
