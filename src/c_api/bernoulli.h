/* The C interface of Bernoulli: a trained text classifier in any language that can call C. Link
 * libbernoulli_infer.so; neither LibTorch nor Python is needed. docs/python.md has an example, and the
 * package for Python, which stands on these functions.
 *
 * N texts, L outputs: one for a binary task, that of the positive label; else one a label. A text is any
 * bytes, NUL among them, UTF-8 as far as the model knows it; the caller keeps its bytes until the call
 * returns. Nothing is written to standard output or standard error, no signal handler is set, and no thread
 * outlives a call.
 *
 * Threads: every function may be called from any number of threads at once, with the same classifier; only
 * bernoulli_close and bernoulli_explanation_free must be the last call with what they are given.
 *
 * Versions: a function never changes what it takes and does. New ones raise BERNOULLI_API_VERSION; if one had
 * to go, the library would get another name (libbernoulli_infer.so.2). */
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define BERNOULLI_API __attribute__((visibility("default")))
#else
#define BERNOULLI_API
#endif

/** Of this header; bernoulli_api_version() tells that of the library, which may be a newer one. */
#define BERNOULLI_API_VERSION 1

/** What a function that can fail returns: the exit codes of the program (README.md), but for memory, which
 * has a number of its own. */
enum {
  BERNOULLI_OK = 0,
  BERNOULLI_ERROR_INTERNAL = 1, /**< a bug of ours: please report it */
  BERNOULLI_ERROR_USAGE = 2,    /**< an argument; or a model that cannot do what is asked */
  BERNOULLI_ERROR_DATA = 3,     /**< a text: of 4 GiB or more */
  BERNOULLI_ERROR_MODEL = 4,    /**< no model at the path, or a damaged one, or one that only LibTorch runs */
  BERNOULLI_ERROR_IO = 5,       /**< the system refused to read */
  BERNOULLI_ERROR_MEMORY = 12   /**< out of memory; the classifier answers again as soon as there is some */
};

/** What bernoulli_task() returns. */
enum { BERNOULLI_BINARY = 1, BERNOULLI_MULTI_LABEL = 2 };

/** Written by a function that fails, untouched by one that does not. May be NULL wherever one is taken. */
typedef struct bernoulli_error {
  int code;           /**< BERNOULLI_ERROR_..., as returned */
  char message[2044]; /**< what, where, what was got and expected; UTF-8, ends in NUL; a longer one is cut */
} bernoulli_error;

/** An open model. It does not change, and keeps memory for as many texts as were ever classified at once. */
typedef struct bernoulli_classifier bernoulli_classifier;

BERNOULLI_API int bernoulli_api_version(void);

/** Of the library, "0.1.0". Static. */
BERNOULLI_API const char* bernoulli_version(void);

/** Opens a run folder or an exported model.pt. Checksums, shapes and the self-test of an exported file are
 * checked; nothing that the file holds is run.
 * @param classifier  gets the open model, to be closed with bernoulli_close(); NULL where there is an error
 * @return  BERNOULLI_OK; ERROR_USAGE, ERROR_MODEL, ERROR_IO, ERROR_MEMORY */
BERNOULLI_API int bernoulli_open(const char* path, bernoulli_classifier** classifier, bernoulli_error* error);

/** NULL is nothing to close. */
BERNOULLI_API void bernoulli_close(bernoulli_classifier* classifier);

/* Of an open model. Strings belong to it. Of a classifier that is NULL: 0, NULL and NaN. */

/** BERNOULLI_BINARY or BERNOULLI_MULTI_LABEL. */
BERNOULLI_API int bernoulli_task(const bernoulli_classifier* classifier);

/** L. */
BERNOULLI_API size_t bernoulli_num_outputs(const bernoulli_classifier* classifier);

/** 2 for a binary task: the negative and the positive label. Else L. */
BERNOULLI_API size_t bernoulli_num_labels(const bernoulli_classifier* classifier);

/** The name of a label, which ends in NUL; NULL where there is no such label. @param length  its bytes; may
 * be NULL */
BERNOULLI_API const char* bernoulli_label(const bernoulli_classifier* classifier, size_t label,
                                          size_t* length);

/** A probability above it is a decision for the label; NaN where there is no such output, and where the label
 * with the highest logit is decided for, and no other. */
BERNOULLI_API double bernoulli_threshold(const bernoulli_classifier* classifier, size_t output);

/** What whoever uses the model should know, a line each: that it is of a training that did not finish, say.
 * NULL: nothing. */
BERNOULLI_API const char* bernoulli_warning(const bernoulli_classifier* classifier);

/* Of texts: N*L numbers row by row, those of a text beside each other; they do not depend on the texts beside
 * it, nor on `threads`.
 *
 * @param texts     N pointers to bytes; NULL for a text without any
 * @param lengths   N numbers of bytes; NULL: every text ends in NUL
 * @param threads   that may share the texts: 1: the caller's own; 0: BERNOULLI_THREADS of the environment,
 * else one a core. They are started for the call, one for each 64 texts at most (where the model is no pooled
 * table: for each text)
 * @param out_size  N*L, or it is refused
 * @return  BERNOULLI_OK; ERROR_USAGE, ERROR_DATA, ERROR_MEMORY, upon which `out` holds nothing of use */

/** Float32, before the sigmoid; scaled where that was fitted. */
BERNOULLI_API int bernoulli_logits(bernoulli_classifier* classifier, const char* const* texts,
                                   const size_t* lengths, size_t count, int threads, float* out,
                                   size_t out_size, bernoulli_error* error);

/** Float32, from 0 to 1. */
BERNOULLI_API int bernoulli_probabilities(bernoulli_classifier* classifier, const char* const* texts,
                                          const size_t* lengths, size_t count, int threads, float* out,
                                          size_t out_size, bernoulli_error* error);

/** 1 where the probability is above the threshold of its output (without thresholds: where it is the highest
 * of the text), else 0. */
BERNOULLI_API int bernoulli_decisions(bernoulli_classifier* classifier, const char* const* texts,
                                      const size_t* lengths, size_t count, int threads, unsigned char* out,
                                      size_t out_size, bernoulli_error* error);

/** Why a text got its logits, where the model is linear in its tokens: logit[l] = base[l] + the sum of the
 * tokens' shares[l]. */
typedef struct bernoulli_explanation bernoulli_explanation;

/** @param length  of the text, in bytes
 * @param explanation  gets it, to be freed with bernoulli_explanation_free(); NULL where there is an error
 * @return  as of the functions above; ERROR_USAGE where the model is not linear in its tokens, too */
BERNOULLI_API int bernoulli_explain(bernoulli_classifier* classifier, const char* text, size_t length,
                                    bernoulli_explanation** explanation, bernoulli_error* error);

/** NULL is nothing to free. */
BERNOULLI_API void bernoulli_explanation_free(bernoulli_explanation* explanation);

/** T. */
BERNOULLI_API size_t bernoulli_explanation_num_tokens(const bernoulli_explanation* explanation);

/** A token as the model sees it, words that it does not know as "[UNK: word]"; any bytes, and NUL behind
 * them; NULL where there is no such token. @param length  its bytes; may be NULL */
BERNOULLI_API const char* bernoulli_explanation_token(const bernoulli_explanation* explanation, size_t token,
                                                      size_t* length);

/** L numbers: the logits of an empty text. */
BERNOULLI_API const double* bernoulli_explanation_base(const bernoulli_explanation* explanation);

/** T*L numbers, those of a token beside each other. */
BERNOULLI_API const double* bernoulli_explanation_shares(const bernoulli_explanation* explanation);

#ifdef __cplusplus
}
#endif
