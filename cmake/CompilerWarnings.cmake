add_library(bernoulli_warnings INTERFACE)
target_compile_options(bernoulli_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-align -Woverloaded-virtual
  -Wconversion -Wno-sign-conversion -Wformat=2
  # g++ 13 takes any reference returned by a function with a temporary argument for one to that argument.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-dangling-reference>
  $<$<BOOL:${BERNOULLI_WERROR}>:-Werror>)
