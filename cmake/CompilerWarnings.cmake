add_library(bernoulli_warnings INTERFACE)
target_compile_options(bernoulli_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-align -Woverloaded-virtual
  -Wconversion -Wno-sign-conversion -Wformat=2
  # g++ 13 takes any reference returned by a function with a temporary argument for one to that argument.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-dangling-reference>
  # In large units g++ 12 finds overlapping copies where a literal and a std::string are added (GCC bug 105651).
  $<$<AND:$<BOOL:${BERNOULLI_UNITY}>,$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>
  $<$<BOOL:${BERNOULLI_WERROR}>:-Werror>)
