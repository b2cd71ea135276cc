if(BERNOULLI_SANITIZE)
  list(JOIN BERNOULLI_SANITIZE "," sanitizers)
  # Whoever links the libraries needs them too (tests/consumer).
  set(BERNOULLI_SANITIZE_FLAGS "-fsanitize=${sanitizers}")
  add_compile_options(${BERNOULLI_SANITIZE_FLAGS} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  if("undefined" IN_LIST BERNOULLI_SANITIZE)
    add_compile_options(-fno-sanitize=vptr)  # asks for type information that LibTorch keeps to itself
  endif()
  add_link_options(${BERNOULLI_SANITIZE_FLAGS})
  # GCC's flow analysis reports paths that only the instrumentation makes.
  add_compile_options(-Wno-maybe-uninitialized)
endif()
