#include "kernels/dense.h"
#include "kernels/marking.h"
#include "kernels/multiplying.h"
#include "kernels/pooling.h"
#include "kernels/recurring.h"
#include "kernels/updating.h"

#if defined(__x86_64__)
namespace bernoulli::kernels {
extern const Kernels kAvx2Kernels;
const Kernels kAvx2Kernels = BERNOULLI_KERNELS("avx2");
}  // namespace bernoulli::kernels
#endif
