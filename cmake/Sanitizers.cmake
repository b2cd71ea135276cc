if(BERNOULLI_SANITIZE)
  list(JOIN BERNOULLI_SANITIZE "," sanitizers)
  add_compile_options(-fsanitize=${sanitizers} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${sanitizers})
  # GCC's flow analysis reports paths that only the instrumentation makes.
  add_compile_options(-Wno-null-dereference -Wno-maybe-uninitialized)
endif()
