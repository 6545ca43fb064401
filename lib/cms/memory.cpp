#include "cms/memory.h"

#include <openssl/crypto.h>

#include <cstdlib>

namespace paraph::cms {
namespace {

void (*on_failure)() = nullptr;

void* checked(void* memory, std::size_t wanted) {
  if (memory == nullptr && wanted > 0 && on_failure != nullptr) on_failure();
  return memory;
}

void* allocate(std::size_t octets, const char*, int) {
  return octets == 0 ? nullptr : checked(std::malloc(octets), octets);
}

void* reallocate(void* memory, std::size_t octets, const char*, int) {
  if (octets == 0) {
    std::free(memory);
    return nullptr;
  }
  return checked(std::realloc(memory, octets), octets);
}

void release(void* memory, const char*, int) {
  std::free(memory);
}

}  // namespace

void when_out_of_memory(void (*handler)()) {
  on_failure = handler;
}

bool prepare_out_of_memory() {
  return CRYPTO_set_mem_functions(allocate, reallocate, release) == 1;
}

}  // namespace paraph::cms
