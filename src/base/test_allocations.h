// For tests of what asks the heap for nothing: counts what this thread asks of operator new. It replaces the
// operators of the whole program, so that one source of a program includes it, and no more. The sanitizers
// have an allocator of their own; who counts beside it would be caught mixing the two: not for their builds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace caponier {

inline thread_local std::uint64_t allocations = 0;

inline void* counted_allocation(std::size_t bytes) {
  ++allocations;
  void* memory = std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace caponier

void* operator new(std::size_t bytes) {
  return caponier::counted_allocation(bytes);
}
void* operator new[](std::size_t bytes) {
  return caponier::counted_allocation(bytes);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}
