add_library(bernoulli_warnings INTERFACE)
target_compile_options(bernoulli_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-align -Woverloaded-virtual
  -Wconversion -Wno-sign-conversion -Wnull-dereference -Wformat=2
  $<$<BOOL:${BERNOULLI_WERROR}>:-Werror>)
