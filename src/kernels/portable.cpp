#include "kernels/dense.h"
#include "kernels/marking.h"
#include "kernels/multiplying.h"
#include "kernels/pooling.h"
#include "kernels/recurring.h"
#include "kernels/updating.h"

namespace bernoulli::kernels {
extern const Kernels kPortableKernels;
const Kernels kPortableKernels = BERNOULLI_KERNELS("portable");
}  // namespace bernoulli::kernels
