#pragma once

#include <exception>
#include <string_view>

namespace bernoulli {

/// From here on every operator new that fails, in any library, is remembered before it throws: a stream
/// swallows the exception and goes on with half its text, and what is said of that text is not the cause.
void remember_failed_allocations();

/// Whether memory ran out, the machine's or a card's: by the exception itself (LibTorch has some of its own
/// for it, known here by their words, for no LibTorch is linked), or before it.
bool is_out_of_memory(const std::exception& error);

/// What came of it, for a message: the line of the allocator where there is one (an interpreter puts the
/// program that it was in before it), else all but the calls that LibTorch lists behind it. Part of `what`.
std::string_view allocation_fault(std::string_view what);

}  // namespace bernoulli
