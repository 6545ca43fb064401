#pragma once

/// Memory of the library below `cms`.
namespace paraph::cms {

/// `handler` is called when OpenSSL's allocation fails, and must not return: a verification that failed for want of
/// memory would otherwise look like a bad signature. Takes effect in processes whose programs called
/// prepare_out_of_memory() first thing; without it nothing happens.
void when_out_of_memory(void (*handler)());
/// Before anything of OpenSSL is used, since its allocator cannot be changed later. False: too late.
bool prepare_out_of_memory();

}  // namespace paraph::cms
