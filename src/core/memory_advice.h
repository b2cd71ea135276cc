#pragma once

#include <cstddef>
#include <string_view>

namespace bernoulli {

/// Tells the system that these bytes of a mapped file are read in no order from now on: where they are not in
/// memory it then reads the page that is wanted, and not 128 KiB around it. Changes nothing else; needs no
/// page to begin or end there.
void expect_random_reads(std::string_view bytes);

/// Asks for large pages for memory that was allocated and not touched yet: fewer page faults, and places at
/// random are found faster. Where the system has none, small ones do.
void advise_huge_pages(const void* memory, size_t bytes);

}  // namespace bernoulli
