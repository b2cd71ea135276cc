# cmake -DSOURCE=DIR -DOUTPUT=FILE -P Commit.cmake: writes the definition of kGitCommit (core/version.h), only where it changes.
# "-dirty" where something that the program is built from is not as in the commit; "unknown" outside a checkout.
set(git git --no-optional-locks -C "${SOURCE}")
execute_process(COMMAND ${git} rev-parse --short=12 HEAD OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
execute_process(COMMAND ${git} status --porcelain -- src cmake CMakeLists.txt CMakePresets.json
                OUTPUT_VARIABLE changes RESULT_VARIABLE failed ERROR_QUIET)
if(NOT commit)
  set(commit unknown)
elseif(changes OR failed)
  string(APPEND commit -dirty)
endif()
file(CONFIGURE OUTPUT "${OUTPUT}" @ONLY CONTENT [=[
#include "core/version.h"

namespace bernoulli {

const char* const kGitCommit = "@commit@";

}  // namespace bernoulli
]=])
